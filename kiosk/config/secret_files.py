"""Secrets by file (systemd credentials): read, checked, and in a development run made (settings.md)."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from kiosk.config.problems import ConfigError, problem
from kiosk.config.settings import Config
from kiosk.domain.signing import read_keys
from kiosk.files import Unreadable, read_file

_SECRET_BYTES = 32
_PIN_CHARACTERS = 4
_LONGEST_BYTES = 65_536


def read_secret(path: str, where: str) -> bytes:
    """The stripped text of a secret file. Raises `ConfigError`."""
    try:
        return read_file(path, _LONGEST_BYTES).strip()
    except Unreadable as error:
        raise ConfigError(problem(where, error)) from error


def read_key(path: str, where: str) -> str:
    """A key that goes into a header: one line of printable ASCII. Raises `ConfigError`."""
    found = read_secret(path, where)
    if not found or not all(32 < byte < 127 for byte in found):
        raise ConfigError(problem(where, f"{path}: expected one line of ASCII without spaces"))
    return found.decode("ascii")


def read_signing_keys(path: str, where: str) -> tuple[bytes, ...]:
    """Keys of signatures, `whsec_…`, one a line. Raises `ConfigError`."""
    text = read_secret(path, where).decode("utf-8", "replace")
    try:
        return read_keys(text)
    except ValueError as error:
        raise ConfigError(problem(where, error)) from error


def token_secret_file(config: Config) -> Path:
    return Path(config.auth.secret_file) if config.auth.secret_file else config.database.path.parent / "token.secret"


def token_secrets(
    config: Config, environment: Mapping[str, str] | None = None, *, make: bool = True
) -> tuple[bytes, ...]:
    """The keys of access tokens, one a line: the first signs, all verify; a new one logs nobody out. Made (0600)
    in a development run, refused to be missing under systemd; none where it may not `make` it. Raises `ConfigError`."""
    where = "$.auth.secret_file"
    path = token_secret_file(config)
    if not os.path.lexists(path):  # a link that leads nowhere is none of ours to fill
        if _under_systemd(environment):
            raise ConfigError(problem(where, f"{path} is missing"))
        if not make:
            return ()
        _make_secret(path, secrets.token_urlsafe(48), where)
    lines = (line.strip() for line in read_secret(str(path), where).splitlines())
    found = tuple(line for line in lines if line) or (b"",)
    if min(map(len, found)) < _SECRET_BYTES:
        raise ConfigError(problem(where, f"at least {_SECRET_BYTES} bytes a line"))
    return found


def service_pin(config: Config, environment: Mapping[str, str] | None = None, *, make: bool = True) -> str:
    """The PIN of the staff's pages; made (0600) in a development run; under systemd no file means no such pages."""
    where = "$.service.pin_file"
    path = Path(config.service.pin_file) if config.service.pin_file else config.database.path.parent / "service.pin"
    if not os.path.lexists(path):  # a link that leads nowhere is none of ours to fill
        if config.service.pin_file:
            raise ConfigError(problem(where, f"{path} is missing"))
        if _under_systemd(environment) or not make:
            return ""
        _make_secret(path, f"{secrets.randbelow(100_000_000):08d}", where)
    pin = read_secret(str(path), where).decode("utf-8", "replace")
    if len(pin) < _PIN_CHARACTERS or not pin.isprintable():
        raise ConfigError(problem(where, f"at least {_PIN_CHARACTERS} characters on one line"))
    return pin


def _under_systemd(environment: Mapping[str, str] | None) -> bool:
    """INVOCATION_ID would say the same of a desktop's terminal, itself a unit; our unit is Type=notify."""
    return "NOTIFY_SOCKET" in (os.environ if environment is None else environment)


def _make_secret(path: Path, text: str, where: str) -> None:
    """Raises `ConfigError`."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(problem(where, f"{path}: {error.strerror or error}")) from error
