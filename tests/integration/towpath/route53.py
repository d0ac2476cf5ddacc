"""A server that speaks Route 53's API: it checks each signature (SigV4) by
itself, answers AWS' XML, and keeps its TXT records where a DNS server looks."""

import hashlib
import hmac
import http.server
import re
import threading
import urllib.parse
import xml.etree.ElementTree as ET

NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
REGION, SERVICE = "us-east-1", "route53"


def _digest(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Route53:
    """with Route53(publish, zones={"customer.test": "Z1"}) as r:
    r.endpoint, r.key_id, r.secret.

    publish(name, values) is told what stands at a TXT name now.  A zone whose
    id begins with P is private.  sets: {(zone, name, type): (ttl, values)}.
    """

    key_id, secret = "AKIATOWPATH", "wJalr/XUtnFEMI+K7MDENG"

    def __init__(self, publish, zones, throttle=0, token=None):
        self.publish, self.zones = publish, zones
        self.token = token  # the session's, of temporary keys
        self.sets, self.changes, self.requests = {}, {}, []
        self.refusals = []  # why a signature was refused
        self.throttle = throttle  # so many requests are refused at first
        self.busy = 0  # so many changes wait for the one before
        self.lock = threading.Lock()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                n = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(n)
                with owner.lock:
                    status, text = owner.take(self, body)
                data = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = answer  # noqa: N815

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.server.daemon_threads = True
        # a client that was killed is no news
        self.server.handle_error = lambda *_: None
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    # --- signatures ----------------------------------------------------------
    def signature(self, request, body, signed, date):
        path, _, query = request.path.partition("?")
        pairs = sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))
        query = "&".join(f"{urllib.parse.quote(k, safe='-_.~')}="
                         f"{urllib.parse.quote(v, safe='-_.~')}"
                         for k, v in pairs)
        headers = "".join(f"{h}:{(request.headers[h] or '').strip()}\n"
                          for h in signed)
        canonical = "\n".join([
            request.command, path, query, headers, ";".join(signed),
            hashlib.sha256(body).hexdigest()])
        scope = f"{date[:8]}/{REGION}/{SERVICE}/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", date, scope,
                          hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + self.secret).encode()
        for part in (date[:8], REGION, SERVICE, "aws4_request"):
            key = _digest(key, part)
        return _digest(key, text).hex()

    def is_signed(self, request, body):
        m = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/"
            r"aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?"
            r"Signature=([0-9a-f]{64})", request.headers["Authorization"] or "")
        if not m or m[1] != self.key_id or (m[3], m[4]) != (REGION, SERVICE):
            return False
        if request.headers["X-Amz-Security-Token"] != self.token or (
                self.token and "x-amz-security-token" not in m[5].split(";")):
            return False
        date = request.headers["X-Amz-Date"] or ""
        return date.startswith(m[2]) and hmac.compare_digest(
            m[6], self.signature(request, body, m[5].split(";"), date))

    # --- the API -------------------------------------------------------------
    @staticmethod
    def error(status, code, message):
        return status, (
            f'<?xml version="1.0"?>\n<ErrorResponse xmlns="{NAMESPACE}"><Error>'
            f"<Type>Sender</Type><Code>{code}</Code><Message>{message}"
            "</Message></Error><RequestId>r-1</RequestId></ErrorResponse>")

    @staticmethod
    def document(name, inner):
        return 200, (f'<?xml version="1.0"?>\n<{name} xmlns="{NAMESPACE}">'
                     f"{inner}</{name}>")

    def take(self, request, body):
        path, _, query = request.path.partition("?")
        query = dict(urllib.parse.parse_qsl(query))
        if not self.is_signed(request, body):
            self.refusals.append(request.path)
            return self.error(403, "SignatureDoesNotMatch",
                              "The request signature we calculated does not "
                              "match the signature you provided.")
        if self.throttle > 0:
            self.throttle -= 1
            return self.error(400, "Throttling", "Rate exceeded")
        self.requests.append((request.command, path))
        path = path.removeprefix("/2013-04-01/").strip("/").split("/")
        if path == ["hostedzonesbyname"]:
            return self.list_zones(query["dnsname"])
        if path[0] == "change":
            return self.document("GetChangeResponse",
                                 self.change_info(path[1]))
        if path[0] == "hostedzone" and path[1] not in self.zones.values():
            return self.error(404, "NoSuchHostedZone", "No hosted zone found")
        if request.command == "GET":
            return self.read_set(path[1], query)
        if self.busy > 0:
            self.busy -= 1
            return self.error(400, "PriorRequestNotComplete",
                              "The request was rejected because Route 53 was "
                              "still processing a prior request.")
        return self.change(path[1], body)

    def list_zones(self, start):
        """All from `start` on, by reversed labels, as AWS lists them."""
        def order(name):
            return list(reversed(name.strip(".").split(".")))
        zones = sorted((n for n in self.zones
                        if order(n.split("#")[0]) >= order(start)),
                       key=lambda n: order(n.split("#")[0]))
        inner = "".join(
            "<HostedZone><Id>/hostedzone/" + self.zones[n] + "</Id><Name>"
            + n.split("#")[0] + ".</Name><CallerReference>c</CallerReference>"
            "<Config><PrivateZone>"
            + ("true" if self.zones[n].startswith("P") else "false")
            + "</PrivateZone></Config><ResourceRecordSetCount>2"
            "</ResourceRecordSetCount></HostedZone>" for n in zones)
        return self.document(
            "ListHostedZonesByNameResponse",
            f"<HostedZones>{inner}</HostedZones><DNSName>{start}</DNSName>"
            "<IsTruncated>false</IsTruncated><MaxItems>20</MaxItems>")

    def read_set(self, zone, query):
        name, kind = query["name"].rstrip("."), query["type"]
        inner = ""
        if (zone, name, kind) in self.sets:
            ttl, values = self.sets[zone, name, kind]
            shown = name.replace("*", "\\052")
            records = "".join(f"<ResourceRecord><Value>{v}</Value>"
                              "</ResourceRecord>" for v in values)
            inner = (f"<ResourceRecordSet><Name>{shown}.</Name><Type>{kind}"
                     f"</Type><TTL>{ttl}</TTL><ResourceRecords>{records}"
                     "</ResourceRecords></ResourceRecordSet>")
        return self.document(
            "ListResourceRecordSetsResponse",
            f"<ResourceRecordSets>{inner}</ResourceRecordSets>"
            "<IsTruncated>false</IsTruncated><MaxItems>1</MaxItems>")

    def change_info(self, number):
        """PENDING when first asked for, INSYNC from then on."""
        status = self.changes[number]
        self.changes[number] = "INSYNC"
        return (f"<ChangeInfo><Id>/change/{number}</Id><Status>{status}"
                "</Status><SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt>"
                "</ChangeInfo>")

    def change(self, zone, body):
        ns = {"r": NAMESPACE}
        for c in ET.fromstring(body).iterfind(".//r:Change", ns):
            action = c.find("r:Action", ns).text
            rr = c.find("r:ResourceRecordSet", ns)
            order = [e.tag.split("}")[1] for e in rr]
            if order != ["Name", "Type", "TTL", "ResourceRecords"]:
                return self.error(400, "InvalidInput", f"order {order}")
            name = rr.find("r:Name", ns).text.rstrip(".")
            key = zone, name, rr.find("r:Type", ns).text
            value = (int(rr.find("r:TTL", ns).text),
                     [v.text for v in rr.iterfind(".//r:Value", ns)])
            if action == "UPSERT":
                self.sets[key] = value
            elif action != "DELETE" or self.sets.pop(key, None) != value:
                return 400, (
                    f'<?xml version="1.0"?><InvalidChangeBatch '
                    f'xmlns="{NAMESPACE}"><Messages><Message>{action} of what '
                    "is not there</Message></Messages></InvalidChangeBatch>")
            if key[2] == "TXT":
                self.publish(name, [v.strip('"') for v in
                                    self.sets.get(key, (0, []))[1]])
        number = f"C{len(self.changes) + 1}"
        self.changes[number] = "PENDING"
        return self.document("ChangeResourceRecordSetsResponse",
                             self.change_info(number))
