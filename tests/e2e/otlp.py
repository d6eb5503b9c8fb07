"""A collector of OpenTelemetry traces: OTLP over HTTP with protobuf bodies, as much of it as a scenario asks about."""

import http.server
import threading


def fields(message: bytes):
    """(number, value) of each field of a protobuf message: an int for varints, bytes for the rest."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        tag = varint()
        kind = tag & 7
        if kind == 0:
            yield tag >> 3, varint()
            continue
        size = {1: 8, 5: 4}.get(kind) or varint()
        yield tag >> 3, message[at:at + size]
        at += size


def first(message: bytes, number: int, default=b""):
    return next((value for found, value in fields(message) if found == number), default)


class Collector:
    """Listens on a free loopback port until closed; `spans` are what arrived."""

    def __init__(self):
        self.spans: list[dict] = []
        spans = self.spans

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                for resource_spans in (value for number, value in fields(body) if number == 1):
                    service = Collector.service_of(resource_spans)
                    for scope in (value for number, value in fields(resource_spans) if number == 2):
                        for span in (value for number, value in fields(scope) if number == 2):
                            spans.append({"service": service, "trace": first(span, 1).hex(), "id": first(span, 2).hex(),
                                          "parent": first(span, 4).hex(), "name": first(span, 5).decode()})
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @staticmethod
    def service_of(resource_spans: bytes) -> str:
        resource = first(resource_spans, 1)
        for attribute in (value for number, value in fields(resource) if number == 1):
            if first(attribute, 1) == b"service.name":
                return first(first(attribute, 2), 1).decode()
        return ""

    def close(self):
        self._server.shutdown()
