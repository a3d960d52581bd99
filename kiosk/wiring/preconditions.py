"""What can be known before anything is opened: `kiosk run` and `kiosk check` refuse alike what could only fail later.

Every file the configuration names is looked at, nothing is made and no device is touched.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from drivers.robot.equipment import Equipment, EquipmentError
from drivers.sim.endpoints import Endpoints
from kiosk.catalogue import MenuOfFile, load_complex, load_notices, menu_of, read_menu
from kiosk.config import ConfigError, problem
from kiosk.config.forms import SIM, TCP
from kiosk.config.problems import nearest
from kiosk.config.secret_files import read_key, service_pin, token_secrets
from kiosk.config.settings import Config
from kiosk.domain.fiscal.tax import ANY
from kiosk.domain.menu.bundle import Origin, holds
from kiosk.domain.menu.chart import ChartError
from kiosk.domain.menu.menu import Menu
from kiosk.domain.menu.rows import MenuError
from kiosk.domain.menu.wording import untranslated
from kiosk.domain.ordering.notice import Notices
from kiosk.store.file.menu import newest_kept
from kiosk.wiring.alarms.secrets import secrets_of
from kiosk.wiring.devices import Devices
from kiosk.wiring.parts import Parts
from kiosk.wiring.targets import menu_keys, subscriptions

_UNIX_PATH_BYTES = 107  # sun_path of unix(7) without its NUL
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)  # a full disk does not mean a damaged file: the kiosk starts and says so
_LOOP = "is a link that leads to itself"
#: What the database keeps beside its file.
_BESIDE = ("-wal", "-shm", ".lock", ".restoring", ".suspect")


@dataclass(frozen=True, slots=True)
class Ready:
    """What was read on the way."""

    equipment: Equipment
    file: MenuOfFile
    menu: Menu  # as the file has it
    notices: Notices


async def prepared(config: Config) -> Ready:
    """Raises `ConfigError` with a line for each problem of the files and references. A coroutine since some clients
    want a running loop to be built."""
    problems: list[str] = []
    ready = _menu(config, problems)
    for look in (_secrets, _ports, _host, _socket, _database, _images, _one_name_each):
        problems += look(config)
    taxes = [] if ready is None else list(_taxes(config, ready.menu))
    if taxes and ready is not None and sells_file(config, ready.file):
        problems += taxes
    try:
        await Devices(config, Parts(), Endpoints()).close()  # opens nothing; reads the keys that are left
    except ConfigError as error:
        problems += [line for line in error.problems if line not in problems]
    if problems or ready is None:
        raise ConfigError(*problems)
    return ready


def menu_remark(menu: Menu, languages: Sequence[str]) -> str:
    """What is sold, and how much of it is told in the languages that guests may choose."""
    words = list(menu.words())
    missing = {language: count for language in languages if (count := untranslated(words, language))}
    told = [
        f"{language}: {count} of {len(words)} names and descriptions missing" for language, count in missing.items()
    ]
    return "; ".join([f"{len(menu.dishes)} dishes", *told])


def menu_file(config: Config) -> Path | None:
    return Path(config.menu.file) if config.menu.file else None


def complex_file(config: Config) -> Path | None:
    return Path(config.robot.complex) if config.robot.complex else None


def _menu(config: Config, problems: list[str]) -> Ready | None:
    try:
        equipment = load_complex(complex_file(config))
    except EquipmentError as error:
        problems.append(problem("$.robot.complex", error))
        return None
    try:
        file = read_menu(menu_file(config))
        return Ready(equipment, file, menu_of(file, equipment), load_notices(menu_file(config)))
    except (MenuError, ChartError) as error:
        problems.append(problem("$.menu.file", error))
    return None


def sells_file(config: Config, file: MenuOfFile) -> bool:
    """Whether the next start sells what stands in the file: nothing else was published, or the file is new."""
    kept = newest_kept(config.database.path)
    if kept is None or kept.origin == Origin.FILE:
        return True
    return bool(config.menu.file) and file.digest != kept.file_taken and not holds(kept.written, file.bundle)


def _taxes(config: Config, menu: Menu) -> Iterator[str]:
    """Where the file is what is sold; of a menu that staff or the cloud have made a dish may be gone again, which is
    told and no reason not to start. A combo is taxed by its dishes, and has no rate."""
    sold = menu.dishes.keys()
    for n, row in enumerate(config.taxes):
        if row.item != ANY and row.item not in sold:
            told = f"{row.item!r} is a combo: its dishes have rates"
            if row.item not in menu.combos:
                told = f"the menu sells no {row.item!r}{nearest(row.item, sold)}"
            yield problem(f"$.taxes[{n}].item", told)


def _secrets(config: Config) -> Iterator[str]:
    """A secret that would be made is none that is missing."""
    keys = [
        ("$.bank.merchant_key_file", config.bank.merchant_key_file),
        ("$.sbp.password_file", config.sbp.password_file),
        ("$.sbp.key_file", config.sbp.key_file),
        ("$.sms.key_file", config.sms.key_file),
        ("$.broker.password_file", config.broker.password_file),
        ("$.alarms.email.password_file", config.alarms.email.password_file),
    ]
    reads: list[Callable[[], object]] = [
        partial(token_secrets, config, make=False),
        partial(service_pin, config, make=False),
        partial(subscriptions, config),
        partial(secrets_of, config),
        partial(menu_keys, config),
        *(partial(read_key, file, where) for where, file in keys if file),
    ]
    for read in reads:
        yield from _told(read)


def _told(read: Callable[[], object]) -> tuple[str, ...]:
    try:
        read()
    except ConfigError as error:
        return error.problems
    return ()


def _ports(config: Config) -> Iterator[str]:
    several = isinstance(config.fiscal, list)
    lines = [
        (f"$.fiscal[{n}].port" if several else "$.fiscal.port", row.port)
        for n, row in enumerate(config.registrars)
        if row.driver != "atol-web" and not row.simulated
    ]
    lines += [] if config.robot.simulated else [("$.robot.port", config.robot.port)]
    if config.pays_by("terminal") and not config.terminal.simulated and not config.terminal.by_url:
        lines.append(("$.terminal.port", config.terminal.port))
    seen: dict[object, str] = {}
    for where, port in lines:
        on_this_machine = not port.startswith(TCP)
        if on_this_machine and (kind := _kind(Path(port))) is not None and not stat.S_ISCHR(kind):
            yield problem(where, f"{port} is no serial port")
        elif on_this_machine and _leads_nowhere(Path(port)) == _LOOP:
            yield problem(where, f"{port} {_LOOP}")
        elif (first := seen.setdefault(_line(port), where)) != where:
            yield problem(where, f"{port} is the same line as {first}")


def _line(port: str) -> object:
    """The device behind any of its names: its number, else the end of the links."""
    try:
        return os.stat(port).st_rdev
    except OSError:
        return os.path.realpath(port)


def _host(config: Config) -> Iterator[str]:
    """Can it be listened on? What is taken by a kiosk that runs is no problem of the settings."""
    server = config.server
    try:
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in found:
            _try(family, kind, protocol, address)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            key = "port" if error.errno == errno.EACCES else "host"
            what = f"cannot listen at {server.host}, port {server.port}: {error.strerror or error}"
            yield problem(f"$.server.{key}", what)
    except UnicodeError as error:  # a name that IDNA cannot say
        yield problem("$.server.host", error)


def _try(family: int, kind: int, protocol: int, address: Any) -> None:
    """Raises `OSError` where it cannot be bound. A family that this machine lacks is passed over, as by asyncio."""
    try:
        trying = socket.socket(family, kind, protocol)
    except OSError:
        return
    with trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trying.bind(address)


def _socket(config: Config) -> Iterator[str]:
    path = config.server.socket
    if len(os.fsencode(path)) > _UNIX_PATH_BYTES:
        yield problem("$.server.socket", f"a socket's path has at most {_UNIX_PATH_BYTES} bytes: {path}")
        return
    if (kind := _kind(path)) is not None and not stat.S_ISSOCK(kind):
        yield problem("$.server.socket", f"{path} stands there and is no socket")
    elif nowhere := _leads_nowhere(path):
        yield problem("$.server.socket", f"{path} {nowhere}")
    yield from _place("$.server.socket", path)


def _database(config: Config) -> Iterator[str]:
    path = config.database.path
    for file in (path, *(path.with_name(path.name + end) for end in _BESIDE), path.with_suffix(".reserve")):
        if nowhere := _leads_nowhere(file):
            yield problem("$.database.path", f"{file} {nowhere}")
            return
        if (kind := _kind(file)) is not None and not stat.S_ISREG(kind):
            yield problem("$.database.path", f"{file} is no file")
            return
        if kind is not None and not os.access(file, os.R_OK | os.W_OK):
            yield problem("$.database.path", f"{file} may not be read and written")
    yield from _place("$.database.path", path)


def _images(config: Config) -> Iterator[str]:
    if config.menu.images and not os.access(config.menu.images, os.R_OK | os.X_OK):
        yield problem("$.menu.images", f"{config.menu.images} is missing, or may not be read")
    elif config.menu.images and not Path(config.menu.images).is_dir():
        yield problem("$.menu.images", f"{config.menu.images} is no folder")


def _one_name_each(config: Config) -> Iterator[str]:
    """No two things of ours may be one file: the socket's place is cleared at every start."""
    path, devices = config.database.path, config.database.path.parent / "sim"
    if "sim" in (path.name, path.parent.name):
        yield problem("$.database.path", f"{path}: a folder sim belongs to simulated devices")
    elif SIM in _ways(config) and not devices.is_dir() and os.path.lexists(devices):
        yield problem("$.database.path", f"{devices} is no folder: the simulated devices live there")
    taken = {path, *(path.with_name(path.name + end) for end in _BESIDE)}
    if path.suffix == ".reserve":
        yield problem("$.database.path", "a name that ends in .reserve is that of the reserve file")
    named = [("$.server.socket", config.server.socket), ("$.auth.secret_file", Path(config.auth.secret_file))]
    for where, file in named:
        if file in taken | {path.with_suffix(".reserve")} or devices in (file, *file.parents):
            yield problem(where, f"{file} belongs to the database")


def _ways(config: Config) -> set[str]:
    rows = [row.where for row in config.registrars]
    used = {config.terminal.port, config.sbp.url}
    return {*rows, config.robot.port, config.bank.url, config.sms.url, config.push.url, *used}


def _place(where: str, path: Path) -> Iterator[str]:
    """The folder is there and may be written, or can be made."""
    try:
        folder = next(above for above in path.parents if os.path.lexists(above))
        if nowhere := _leads_nowhere(folder):
            yield problem(where, f"no place for {path}: {folder} {nowhere}")
            return
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        if error.errno not in _NO_ROOM:
            yield problem(where, f"no place for {path}: {error.strerror or error}")


def _leads_nowhere(path: Path) -> str | None:
    """What is wrong with a link that has no end; None where there is none, or nothing at all."""
    try:
        path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return _LOOP
        return "is a link that leads nowhere" if path.is_symlink() else None
    return None


def _kind(path: Path) -> int | None:
    """`st_mode` of what a link leads to; None for nothing, and for what cannot be looked at (reported elsewhere)."""
    try:
        return path.stat().st_mode
    except OSError:
        return None
