"""The secrets of those channels by which people are called that have one."""

from __future__ import annotations

from kiosk.config import ConfigError, problem
from kiosk.config.alarms import AlarmTo
from kiosk.config.secret_files import read_key, read_secret
from kiosk.config.settings import Config
from kiosk.domain.signing import read_keys


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
        except ValueError as error:
            problems.append(problem(where, error))
    if problems:
        raise ConfigError(*problems)
    return found


def _secret(row: AlarmTo, where: str) -> tuple[bytes, ...] | str:
    """Raises `ConfigError`, `ValueError`."""
    if row.channel == "webhook":
        return read_keys(read_secret(row.secret_file, where).decode("utf-8", "replace"))
    return read_key(row.secret_file, where)
