"""The secrets of those channels by which people are called that have one."""

from __future__ import annotations

from kiosk.config import ConfigError
from kiosk.config.alarms import AlarmTo
from kiosk.config.secret_files import read_key, read_signing_keys
from kiosk.config.settings import Config


def secrets_of(config: Config) -> dict[str, tuple[bytes, ...] | str]:
    """Of each channel that has one, by its name: keys of a webhook, text of an http one. Raises `ConfigError` with a
    line for each that cannot be read."""
    found: dict[str, tuple[bytes, ...] | str] = {}
    problems: list[str] = []
    for n, row in enumerate(config.alarms.called):
        where = f"$.alarms.to[{n}].secret_file"
        try:
            if row.secret_file:
                found[row.name] = _secret(row, where)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(*problems)
    return found


def _secret(row: AlarmTo, where: str) -> tuple[bytes, ...] | str:
    """Raises `ConfigError`."""
    if row.channel == "webhook":
        return read_signing_keys(row.secret_file, where)
    return read_key(row.secret_file, where)
