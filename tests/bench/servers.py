"""The four proxies of `make bench`, each as an operator who wants speed would
set it up, with an access log and one worker; and the app behind them."""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

from account import family
from towpath import Daemon, free_port, wait_for
from towpath.daemon import USER
from towpath.util import BUILD

HOSTS = {"ecdsa": "ecdsa.bench.test", "rsa": "rsa.bench.test"}
TOOLS = BUILD / "tests" / "bench"


def accepts(port):
    socket.create_connection(("127.0.0.1", port)).close()
    return True


class App:
    """The backend: tests/bench/backend.c."""

    def __enter__(self):
        self.port = free_port()
        self.process = subprocess.Popen([TOOLS / "backend", str(self.port)])
        wait_for(lambda: accepts(self.port))
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Server:
    """One proxy as a group of processes."""

    name = "?"

    def __init__(self, identities, app):
        self.identities, self.app = identities, app
        self.port = free_port()
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="bench-"))
        self.dir.chmod(0o755)
        self.process = None
        for kind, own in identities.items():
            (self.dir / f"{kind}.pem").write_bytes(
                own.chain_pem + own.key_pem)
            (self.dir / f"{kind}.crt").write_bytes(own.chain_pem)
            (self.dir / f"{kind}.key").write_bytes(own.key_pem)

    def command(self):
        """Writes the configuration; the command that runs in foreground."""
        raise NotImplementedError

    def environment(self):
        return dict(os.environ, HOME=str(self.dir))

    def __enter__(self):
        with open(self.dir / "output", "wb") as out:
            self.process = subprocess.Popen(
                self.command(), stdout=out, stderr=out,
                env=self.environment())
        wait_for(self.is_up, what=f"{self.name} is up")
        return self

    def is_up(self):
        if self.process.poll() is not None:
            sys.exit(f"{self.name}: {(self.dir / 'output').read_text()}")
        return accepts(self.port)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def pids(self):
        return family(self.process.pid)


class Nginx(Server):
    name = "nginx"
    says = "worker_processes 1, keepalive 64 to the app, buffered access_log"

    def command(self):
        hosts = "\n".join(f"""
  server {{
    listen 127.0.0.1:{self.port} ssl http2; server_name {HOSTS[kind]};
    ssl_certificate {kind}.crt; ssl_certificate_key {kind}.key;
    location / {{
      proxy_pass http://app; proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }}
  }}""" for kind in self.identities)
        user = f"user {USER};" if os.geteuid() == 0 else ""
        (self.dir / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; worker_rlimit_nofile {limit()}; {user}
pid {self.dir}/pid; error_log {self.dir}/error.log error;
events {{ worker_connections 32768; }}
http {{
  access_log {self.dir}/access.log combined buffer=64k flush=1s;
  client_body_temp_path {self.dir}/a; proxy_temp_path {self.dir}/b;
  fastcgi_temp_path {self.dir}/c; uwsgi_temp_path {self.dir}/d;
  scgi_temp_path {self.dir}/e;
  keepalive_timeout 1h; keepalive_requests 1000000000;
  client_max_body_size 0; proxy_request_buffering off;
  proxy_max_temp_file_size 0; proxy_buffer_size 16k; proxy_buffers 8 32k;
  proxy_busy_buffers_size 64k; proxy_read_timeout 1h;
  ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
  ssl_ecdh_curve X25519; ssl_session_cache shared:SSL:10m;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  upstream app {{
    server 127.0.0.1:{self.app.port};
    keepalive 64; keepalive_requests 1000000000; keepalive_timeout 1h;
  }}
  {hosts}
}}
""")
        return ["nginx", "-c", self.dir / "nginx.conf", "-p", self.dir]


class Haproxy(Server):
    name = "haproxy"
    says = "nbthread 1, connections to the app kept, httplog to a file"

    def command(self):
        crts = " ".join(f"crt {self.dir}/{kind}.pem"
                        for kind in self.identities)
        (self.dir / "haproxy.cfg").write_text(f"""
global
  nbthread 1
  maxconn {min(32000, (limit() - 100) // 2)}
  log stdout format raw local0
  tune.pool-low-fd-ratio 90
defaults
  mode http
  log global
  option httplog
  option dontlognull
  option forwardfor
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
  timeout http-keep-alive 1h
frontend edge
  bind 127.0.0.1:{self.port} ssl {crts} alpn h2,http/1.1 ssl-min-ver TLSv1.3 ciphersuites TLS_AES_128_GCM_SHA256 curves X25519
  http-request set-header X-Forwarded-Proto https
  default_backend app
backend app
  http-reuse always
  server app 127.0.0.1:{self.app.port} pool-max-conn 64
""")
        return ["haproxy", "-db", "-f", self.dir / "haproxy.cfg"]


class Caddy(Server):
    name = "caddy"
    says = "GOMAXPROCS=1, connections to the app kept, access log to a file"

    def command(self):
        sites = "\n".join(f"""
https://{HOSTS[kind]}:{self.port} {{
  bind 127.0.0.1
  tls {self.dir}/{kind}.crt {self.dir}/{kind}.key {{
    protocols tls1.3 tls1.3
    curves x25519
  }}
  log {{
    output file {self.dir}/access.log {{
      roll_disabled
    }}
  }}
  reverse_proxy 127.0.0.1:{self.app.port} {{
    transport http {{
      keepalive 1h
      keepalive_idle_conns_per_host 64
    }}
  }}
}}""" for kind in self.identities)
        (self.dir / "Caddyfile").write_text(f"""{{
  admin off
  auto_https off
  servers {{
    protocols h1 h2
    timeouts {{
      idle 1h
    }}
  }}
}}
{sites}
""")
        return ["caddy", "run", "--config", self.dir / "Caddyfile",
                "--adapter", "caddyfile"]

    def environment(self):
        return dict(super().environment(), GOMAXPROCS="1")


class Towpath(Server):
    name = "towpath"
    says = ("workers 1 (+ keys, control, parent); access log, statistics, "
            "limits as shipped")

    def __init__(self, identities, app):
        super().__init__(identities, app)
        self.daemon = None

    def __enter__(self):
        self.daemon = Daemon(
            https=self.port, router={"workers": 1, "log_level": "info"},
            dns={"check_interval": "60s"})
        self.process = self.daemon.process
        d = self.daemon
        d.cli("apps", "create", "shop", "--backend",
              f"127.0.0.1:{self.app.port}")
        for kind, own in self.identities.items():
            d.cli("domains", "add", HOSTS[kind], "--app", "shop")
            d.upload("add", HOSTS[kind], own)
        return self

    def __exit__(self, *_):
        self.daemon.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def configuration(self):
        """What towpath.conf says; the rest is the default."""
        return self.daemon.conf.read_text()


def limit():
    """Descriptors a server may have here."""
    import resource  # pylint: disable=import-outside-toplevel
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


ALL = [Nginx, Haproxy, Caddy, Towpath]
