"""`python -m tests.crash.cloud`: the cloud's end of the webhooks as a process: verifies, writes down, then answers."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from standardwebhooks import Webhook, WebhookVerificationError


def entry(secret: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The line of the ledger for a delivery; one that cannot be verified stands there as `broken`."""
    line = {"id": next(value for name, value in headers.items() if name.lower() == "webhook-id")}
    try:
        Webhook(secret).verify(body, dict(headers))
        event = json.loads(body)
        assert event["id"] == line["id"]
        line |= {name: event.get(name) for name in ("sequence", "type", "subject")}
    except (WebhookVerificationError, ValueError, KeyError, AssertionError) as error:
        line["broken"] = repr(error)
    return json.dumps(line).encode() + b"\n"


def serve(port: int, secret: str, ledger: Path) -> None:
    """Until it is killed."""
    book = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            os.write(book, entry(secret, dict(self.headers.items()), body))
            self.send_response(204)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            """The ledger says it."""

    server = HTTPServer(("127.0.0.1", port), Handler)
    sys.stdout.write(f"ready http://127.0.0.1:{server.server_port}/hook\n")
    sys.stdout.flush()
    server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--secret-file", type=Path, required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    options = parser.parse_args()
    serve(options.port, options.secret_file.read_text(), options.ledger)


if __name__ == "__main__":
    main()
