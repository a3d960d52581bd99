"""Secrets by file (systemd credentials): read, checked, and in a development run made (contract §7)."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from kiosk.config import ConfigError
from kiosk.config.settings import Config

_SECRET_BYTES = 32
_PIN_CHARACTERS = 4


def read_secret(path: str, what: str) -> bytes:
    """The stripped text of a secret file. Raises `ConfigError`."""
    try:
        return Path(path).read_bytes().strip()
    except OSError as error:
        raise ConfigError(f"{what}: {error}") from error


def token_secrets(config: Config, environment: Mapping[str, str] | None = None) -> tuple[bytes, ...]:
    """The keys of access tokens, one a line: the first signs, all verify; a new one logs nobody out. Made (0600)
    in a development run, refused to be missing under systemd. Raises `ConfigError`."""
    path = Path(config.auth.secret_file) if config.auth.secret_file else config.database.path.parent / "token.secret"
    if not path.exists():
        if _under_systemd(environment):
            raise ConfigError(f"{path} is missing - at `$.auth.secret_file`")
        _make_secret(path, secrets.token_urlsafe(48))
    lines = (line.strip() for line in read_secret(str(path), "$.auth.secret_file").splitlines())
    found = tuple(line for line in lines if line) or (b"",)
    if min(map(len, found)) < _SECRET_BYTES:
        raise ConfigError(f"at least {_SECRET_BYTES} bytes a line - at `$.auth.secret_file`")
    return found


def service_pin(config: Config, environment: Mapping[str, str] | None = None) -> str:
    """The PIN of the staff's pages; made (0600) in a development run; under systemd no file means no such pages."""
    path = Path(config.service.pin_file) if config.service.pin_file else config.database.path.parent / "service.pin"
    if not path.exists():
        if config.service.pin_file:
            raise ConfigError(f"{path} is missing - at `$.service.pin_file`")
        if _under_systemd(environment):
            return ""
        _make_secret(path, f"{secrets.randbelow(1_000_000):06d}")
    pin = read_secret(str(path), "$.service.pin_file").decode("utf-8", "replace")
    if len(pin) < _PIN_CHARACTERS:
        raise ConfigError(f"at least {_PIN_CHARACTERS} characters - at `$.service.pin_file`")
    return pin


def _under_systemd(environment: Mapping[str, str] | None) -> bool:
    """INVOCATION_ID would say the same of a desktop's terminal, itself a unit; our unit is Type=notify."""
    return "NOTIFY_SOCKET" in (os.environ if environment is None else environment)


def _make_secret(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
