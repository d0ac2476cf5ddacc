"""The harness of the integration tests: the real daemon, a real CA and DNS,
real sockets, a real terminal.  A test reads like: start, request, assert.

    from towpath import Backend, Ca, Daemon, Pebble, Terminal
"""

from . import faults
from .backend import Backend
from .ca_case import DAY, HOUR, CaCase, seconds
from .ca_double import CaDouble
from .case import AppCase
from .client import Answer, Https, get, handshake, http, raw, served
from .daemon import Daemon, Refused
from .directory import Directory
from .dns import Dns
from .dns_case import DnsCase
from .http2 import Http2
from .pki import Asked, Ca, Identity
from .named import Named
from .pebble import Pebble
from .resolver import Resolver
from .route53 import Route53
from .signed import Signed
from .terminal import Terminal
from .util import BUILD, ROOT, free_port, wait_for

__all__ = ["Answer", "AppCase", "Asked", "BUILD", "Backend", "Ca", "CaCase",
           "CaDouble", "DAY", "Daemon", "Directory", "Dns", "DnsCase", "HOUR",
           "Http2", "Https", "Identity", "Named", "Pebble", "ROOT", "Refused",
           "Resolver", "Route53", "Signed", "Terminal", "faults", "free_port",
           "get", "handshake", "http", "raw", "seconds", "served", "wait_for"]
