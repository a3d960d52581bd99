"""HTTP calls to a kiosk that may die under them: the public listener and the staff's unix socket."""

from __future__ import annotations

import http.client
import json
import socket
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CALL_S = 40.0


@dataclass
class Answer:
    status: int
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["code"]) if isinstance(self.body, dict) and "code" in self.body else ""


class Gone(Exception):
    """The kiosk died before it answered."""


def call(port: int, method: str, path: str, body: Any = None, token: str = "", key: str = "") -> Answer:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if key:
        request.add_header("Idempotency-Key", key)
    try:
        with urllib.request.urlopen(request, timeout=CALL_S) as response:
            return _answer(response.status, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error.code, error.read())
    except (OSError, http.client.HTTPException) as error:
        raise Gone(f"{method} {path}") from error


class Asked:
    """A request that is under way; `answer()` waits for the end of it."""

    def __init__(self, port: int, method: str, path: str, body: Any, token: str, key: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_S)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", "Idempotency-Key": key}
        self._lost: OSError | None = None
        try:
            self._connection.request(method, path, json.dumps(body), headers)
        except OSError as error:  # it died: `answer` says so
            self._lost = error

    def answer(self) -> Answer:
        """Raises `Gone`."""
        if self._lost is not None:
            raise Gone from self._lost
        try:
            response = self._connection.getresponse()
            return _answer(response.status, response.read())
        except (OSError, http.client.HTTPException) as error:
            raise Gone from error
        finally:
            self._connection.close()


class _ToSocket(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("kiosk", timeout=CALL_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(CALL_S)
        self.sock.connect(str(self._path))


def internal(path: Path, method: str, target: str, body: Any = None) -> Answer:
    """As staff, over the unix socket."""
    connection = _ToSocket(path)
    try:
        headers = {} if body is None else {"Content-Type": "application/json"}
        connection.request(method, target, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return _answer(response.status, response.read())
    except (OSError, http.client.HTTPException) as error:
        raise Gone(f"{method} {target}") from error
    finally:
        connection.close()


def _answer(status: int, raw: bytes) -> Answer:
    return Answer(status, json.loads(raw) if raw else None)
