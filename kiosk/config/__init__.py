"""Reads config.toml: what cannot be used stops the start by its path, relative paths start at the file's folder."""

from __future__ import annotations

from pathlib import Path

import msgspec

from kiosk.config.forms import SIM, TCP
from kiosk.config.problems import ConfigError, problem
from kiosk.config.reading import read
from kiosk.config.relations import problems_of
from kiosk.config.settings import Config, Fiscal
from kiosk.files import Unreadable, read_file, toml_of

_LONGEST_BYTES = 1_048_576

__all__ = ["ConfigError", "load", "problem"]


def load(path: Path, *, must_exist: bool = False) -> Config:
    """Read `path`; an empty file is the demo, and so is a missing one unless it `must_exist`. Raises `ConfigError`."""
    config = read(_table(path, must_exist=must_exist), Config)
    if problems := problems_of(config):
        raise ConfigError(*problems)
    return _absolute(config, path.resolve().parent)


def _table(path: Path, *, must_exist: bool) -> dict[str, object]:
    try:
        return toml_of(path, read_file(path, _LONGEST_BYTES))
    except Unreadable as error:
        if error.missing and not must_exist:
            return {}
        raise ConfigError(problem("$", error)) from error


def _absolute(config: Config, base: Path) -> Config:
    replace = msgspec.structs.replace
    return replace(
        config,
        server=replace(config.server, socket=base / config.server.socket),
        database=replace(config.database, path=base / config.database.path),
        menu=replace(
            config.menu,
            file=_under(base, config.menu.file),
            images=_under(base, config.menu.images),
            secret_file=_under(base, config.menu.secret_file),
        ),
        auth=replace(config.auth, secret_file=_under(base, config.auth.secret_file)),
        fiscal=_registrars_under(base, config.fiscal),
        bank=replace(config.bank, merchant_key_file=_under(base, config.bank.merchant_key_file)),
        sbp=replace(
            config.sbp,
            password_file=_under(base, config.sbp.password_file),
            key_file=_under(base, config.sbp.key_file),
        ),
        terminal=replace(config.terminal, port=_line_under(base, config.terminal.port)),
        robot=replace(
            config.robot, port=_line_under(base, config.robot.port), complex=_under(base, config.robot.complex)
        ),
        sms=replace(config.sms, key_file=_under(base, config.sms.key_file)),
        standby=replace(config.standby, folder=_under(base, config.standby.folder)),
        service=replace(config.service, pin_file=_under(base, config.service.pin_file)),
        broker=replace(
            config.broker,
            ca_file=_under(base, config.broker.ca_file),
            password_file=_under(base, config.broker.password_file),
        ),
        alarms=replace(
            config.alarms,
            to=[replace(row, secret_file=_under(base, row.secret_file)) for row in config.alarms.to],
            email=replace(config.alarms.email, password_file=_under(base, config.alarms.email.password_file)),
        ),
        webhooks=[replace(hook, secret_file=_under(base, hook.secret_file)) for hook in config.webhooks],
    )


def _registrars_under(base: Path, fiscal: Fiscal | list[Fiscal]) -> Fiscal | list[Fiscal]:
    if isinstance(fiscal, list):
        return [_registrar_under(base, one) for one in fiscal]
    return _registrar_under(base, fiscal)


def _registrar_under(base: Path, one: Fiscal) -> Fiscal:
    return msgspec.structs.replace(one, port=_line_under(base, one.port), key_file=_under(base, one.key_file))


def _line_under(base: Path, port: str) -> str:
    return port if port == SIM or port.startswith((TCP, "http://", "https://")) else _under(base, port)


def _under(base: Path, name: str) -> str:
    return str(base / name) if name else ""
