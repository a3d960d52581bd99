"""Reads config.toml: a typo stops the start by its path, relative paths start at the file's folder."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from kiosk.config.settings import LOOPBACK, SIM, Broker, Config, Fiscal
from kiosk.domain.fiscal_day import FiscalDay
from kiosk.domain.hours import OpeningHours


class ConfigError(ValueError):
    """The configuration cannot be used; the text names the path (`$.fiscal.baudrate`)."""


def load(path: Path) -> Config:
    """Read `path`; a missing or empty file is the demo in the working folder. Raises `ConfigError`."""
    try:
        raw = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{path}: {error}") from error
    try:
        config = msgspec.convert(raw, Config, strict=True, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_with_key(str(error))}") from error
    _check(config)
    return _absolute(config, path.resolve().parent)


def _with_key(message: str) -> str:
    """An unknown key's whole path; msgspec names the key and the section apart."""
    found = re.fullmatch(r"Object contains unknown field `(?P<key>[^`]*)`(?: - at `(?P<at>[^`]*)`)?", message)
    return f"unknown key - at `{found['at'] or '$'}.{found['key']}`" if found else message


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise TypeError(f"Expected `str`, got {value!r}")


def _check(config: Config) -> None:
    try:
        ZoneInfo(config.restaurant.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(f"no such time zone - at `$.restaurant.timezone`: {error}") from error
    try:
        OpeningHours.parse(config.restaurant.hours)
    except ValueError as error:
        raise ConfigError(f"{error} - at `$.restaurant.hours`") from error
    for registrar in config.registrars:
        try:
            FiscalDay.parse(registrar.close_at, None, ZoneInfo(config.restaurant.timezone))
        except ValueError as error:
            raise ConfigError(f"expected a time like 03:30 - at `$.fiscal.close_at`: {error}") from error
    for where, url in (("bank", config.bank.url), ("sms", config.sms.url), ("push", config.push.url)):
        if url != SIM:
            check_url(f"$.{where}.url", url)
    for n, webhook in enumerate(config.webhooks):
        check_url(f"$.webhooks[{n}].url", webhook.url)
    if len({webhook.url for webhook in config.webhooks}) != len(config.webhooks):
        raise ConfigError("urls repeat - at `$.webhooks`")
    if not config.terminals:
        raise ConfigError("at least one terminal - at `$.terminals`")
    if len({terminal.id for terminal in config.terminals}) != len(config.terminals):
        raise ConfigError("ids repeat - at `$.terminals`")
    if config.restaurant.settlement == "automat" and not all(row.automat_number for row in config.terminals):
        raise ConfigError("an automat needs its number (FFD tag 1036) - at `$.terminals[...].automat_number`")
    if not config.registrars:
        raise ConfigError("at least one registrar - at `$.fiscal`")
    if len({row.called(n) for n, row in enumerate(config.registrars)}) != len(config.registrars):
        raise ConfigError("names repeat - at `$.fiscal`")
    if sum(row.simulated for row in config.registrars) > 1:
        raise ConfigError("only one of several registrars can be simulated - at `$.fiscal`")
    for registrar in config.registrars:
        if registrar.driver == "atol-web" and not registrar.simulated:
            check_url("$.fiscal.url", registrar.url)
    _check_broker(config.broker)


def _check_broker(broker: Broker) -> None:
    if broker.kind == "none":
        return
    try:
        assert broker.hosts
    except ValueError as error:
        raise ConfigError(f"{error} - at `$.broker.bootstrap`") from error
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,249}", broker.topic) or broker.topic in (".", ".."):
        raise ConfigError("the name of a topic - at `$.broker.topic`")
    if bool(broker.user) != bool(broker.password_file):
        raise ConfigError("a user has a password_file - at `$.broker.user`")


def check_url(where: str, url: str) -> None:
    """`http://` for loopback only, all else https. Raises `ConfigError`."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ConfigError(f"{error} - at `{where}`") from error
    local = parts.hostname in LOOPBACK
    if parts.scheme not in ("http", "https") or not parts.hostname or (parts.scheme == "http" and not local):
        raise ConfigError(f"https:// is required outside this machine - at `{where}`")


def _absolute(config: Config, base: Path) -> Config:
    replace = msgspec.structs.replace
    return replace(
        config,
        server=replace(config.server, socket=base / config.server.socket),
        database=replace(config.database, path=base / config.database.path),
        menu=replace(config.menu, file=_under(base, config.menu.file), images=_under(base, config.menu.images)),
        auth=replace(config.auth, secret_file=_under(base, config.auth.secret_file)),
        fiscal=_registrars_under(base, config.fiscal),
        bank=replace(config.bank, merchant_key_file=_under(base, config.bank.merchant_key_file)),
        sms=replace(config.sms, key_file=_under(base, config.sms.key_file)),
        service=replace(config.service, pin_file=_under(base, config.service.pin_file)),
        broker=replace(
            config.broker,
            ca_file=_under(base, config.broker.ca_file),
            password_file=_under(base, config.broker.password_file),
        ),
        webhooks=[replace(hook, secret_file=_under(base, hook.secret_file)) for hook in config.webhooks],
    )


def _registrars_under(base: Path, fiscal: Fiscal | list[Fiscal]) -> Fiscal | list[Fiscal]:
    if isinstance(fiscal, list):
        return [msgspec.structs.replace(one, key_file=_under(base, one.key_file)) for one in fiscal]
    return msgspec.structs.replace(fiscal, key_file=_under(base, fiscal.key_file))


def _under(base: Path, name: str) -> str:
    return str(base / name) if name else ""
