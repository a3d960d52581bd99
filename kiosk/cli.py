"""The command `kiosk`: run, check, and the technician's client of the unix socket."""

from __future__ import annotations

import argparse
import asyncio
import errno
import gc
import getpass
import http.client
import json
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from drivers.text import shown
from kiosk.cli_output import csv_text, harmless, json_text, refusal_text, text_of
from kiosk.cli_words import WANTS_PIN, call_of, parser
from kiosk.clock import SystemClock
from kiosk.config import ConfigError, load
from kiosk.config.forms import SIM
from kiosk.config.settings import Config
from kiosk.domain.errors import DatabaseBroken, DatabaseInUse
from kiosk.domain.staff.staff_words import in_words
from kiosk.socket_calls import DEVICES, EVENTS

OK, BAD, USAGE, NOT_RUNNING = 0, 1, 2, 3
_TIMEOUT_S = 150
_FOLLOW_S = 0.5
_AFTER_RESTORE = (
    "start the kiosk: it takes no payment until bank and registrar agree; see `kiosk stuck`, and `kiosk staff` for who"
    " may sign in again"
)
_NO_DEVICES = ("sales", "books", "shift")


class NotRunning(Exception):
    """Nobody answers at the socket."""


class Refused(Exception):
    """The socket is not ours to use, or what answers there is no kiosk."""


def main(argv: Sequence[str] | None = None) -> int:
    options = parser(__doc__).parse_args(argv)
    os.umask(0o077)  # phones, codes and ledgers are nobody else's to read
    try:
        config = _load(options)
        if options.command == "run":
            return _run(config)
        if options.command == "restore":
            return _restore(options, config)
        code = asyncio.run(_ask(options, config))
        sys.stdout.flush()  # here, where a reader that has gone is expected
        return code
    except NotRunning:
        print("kiosk: not running", file=sys.stderr)
        return NOT_RUNNING
    except ConfigError as error:
        print(harmless(str(error)), file=sys.stderr)
        return USAGE
    except (DatabaseBroken, Refused) as error:
        print(harmless(f"kiosk: {error}"), file=sys.stderr)
        return BAD
    except BrokenPipeError:  # `kiosk events | head`: nobody reads on, and nothing more must be flushed there
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return OK


def _load(options: argparse.Namespace) -> Config:
    """A file that was named must exist; without one the demo is meant. Raises `ConfigError`."""
    if options.config is None:
        options.config = Path("config.toml")
        if options.config.exists() or not (installed := os.environ.get("KIOSK_CONFIG")):
            return load(options.config)
        options.config = Path(installed)
    return load(options.config, must_exist=True)


def _run(config: Config) -> int:
    gc.disable()  # modules are no garbage, and looking for some among them takes a sixth of their loading
    from kiosk.wiring import run  # heavy, and not needed by the technician's commands

    gc.freeze()
    gc.enable()
    return asyncio.run(run(config))


def _restore(options: argparse.Namespace, config: Config) -> int:
    """Raises `DatabaseBroken`."""
    from kiosk.wiring import missing_pictures, restore  # heavy, as in `_run`

    kept = restore(config.database.path, options.file, getpass.getuser(), SystemClock().now())
    answer = {
        "restored": str(config.database.path),
        "kept": None if kept is None else str(kept),
        "next": _AFTER_RESTORE,
    }
    if missing := missing_pictures(config):
        answer["pictures_missing"] = " ".join(missing)
    _show(answer, as_json=options.json)
    return OK


async def _ask(options: argparse.Namespace, config: Config) -> int:
    own = _of_its_own(options)
    if own is not None:
        return await own(options, config)
    language = _language(options)
    _ask_pin(options, language)
    status, answer = await _request(config, *call_of(options), language=language)
    if options.command == "devices" and status == 200:
        answer = {"devices": _rows(_devices(answer), answer, as_json=options.json)}
    elif options.command == "status" and status == 200 and not options.json:
        answer = {"sales": _sales(answer["sales"]), "checks": _rows(answer["checks"], answer), **_archives(answer)}
    elif status < 400 and not options.json:
        answer = in_words(answer, language)
    if options.command == "shift" and "text" in answer and not (options.json or options.csv):
        print(harmless(answer["text"]))
    elif status >= 400 or not getattr(options, "csv", None):
        _show(answer, as_json=options.json, status=status)
    else:
        print(csv_text(answer[options.csv]), end="")
    return BAD if status >= 400 or (options.command == "audit" and answer["mismatches"]) else OK


def _ask_pin(options: argparse.Namespace, language: str) -> None:
    """From the keyboard twice, unseen, or one line of what is piped in: never from the command line, which every user
    of the machine can read. Raises `Refused`."""
    if (options.command, vars(options).get("action")) not in WANTS_PIN:
        return
    if not sys.stdin.isatty():
        options.pin = sys.stdin.readline().strip()
        return
    words = ("New PIN: ", "Once more: ") if language == "en" else ("Новый PIN: ", "Ещё раз: ")
    options.pin, again = (getpass.getpass(word) for word in words)
    if again != options.pin:
        raise Refused("the two PINs differ" if language == "en" else "PIN не совпали")


def _of_its_own(options: argparse.Namespace) -> Callable[[argparse.Namespace, Config], Awaitable[int]] | None:
    """What is more than one call."""
    if options.command == "check":
        if options.setup:
            return _set_up
        return _find if options.find is not None else _sell_for_trial if options.sale is not None else _check
    if options.command == "menu" and options.action not in ("history", "rollback"):
        return _menu
    if (options.command, vars(options).get("action")) == ("robot", "certify"):
        return _certify
    return _events if options.command == "events" else None


def _language(options: argparse.Namespace) -> str:
    """Of the sentences: `--lang`, else what the terminal is set to where that is English, else the restaurant's."""
    told = options.lang or next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "en" if told.startswith("en") else "ru"


def _rows(checks: dict[str, Any], answer: dict[str, Any], *, as_json: bool = False) -> list[dict[str, Any]]:
    """A line for each check: what is the matter in words; the code and the device's own words come last."""
    says, own = answer.get("says", {}), answer.get("own", {})
    if as_json:
        return [{"device": name, **check, "says": says.get(name, "")} for name, check in checks.items()]
    return [
        {
            "check": name,
            "ok": check["ok"],
            "says": says.get(name),
            "code": " ".join(filter(None, (check["reason"], own.get(name)))),
        }
        for name, check in checks.items()
    ]


def _archives(answer: dict[str, Any]) -> dict[str, Any]:
    """Named where there are any: what may go, and what is wrong, stands in `checks`."""
    rows = [{name: row[name] for name in ("year", "file", "bytes", "removable")} for row in answer["archives"]]
    return {"archives": rows} if rows else {}


def _sales(sales: dict[str, Any]) -> dict[str, Any]:
    words = {"open": sales["open"], "says": sales.get("hint"), "code": sales["reason"]}
    return {name: value for name, value in words.items() if value is not None}


async def _request(
    config: Config, method: str, path: str, body: dict[str, Any] | None = None, language: str = "ru"
) -> tuple[int, Any]:
    """Raises `NotRunning` or `Refused`."""
    return await asyncio.to_thread(_ask_socket, config.server.socket, method, path, body, language)


class _AtSocket(http.client.HTTPConnection):
    """The standard library's client: another one takes longer to load than the answer takes to come."""

    def __init__(self, path: Path) -> None:
        super().__init__("kiosk", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _ask_socket(place: Path, method: str, path: str, body: dict[str, Any] | None, language: str) -> tuple[int, Any]:
    """Raises `NotRunning` or `Refused`."""
    connection = _AtSocket(place)
    headers = {"Accept-Language": language, "Content-Type": "application/json"}
    try:
        connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
        response = connection.getresponse()
        text = response.read()
        return response.status, json.loads(text) if text else {}
    except (http.client.HTTPException, OSError, ValueError) as error:  # a timeout is an OSError too
        if isinstance(error, OSError) and error.errno in (errno.ENOENT, errno.ECONNREFUSED):
            raise NotRunning from error
        raise Refused(f"{place}: {type(error).__name__} {error}".rstrip()) from error
    finally:
        connection.close()


async def _events(options: argparse.Namespace, config: Config) -> int:
    """Page after page; with `--follow` for ever, one line an event."""
    found: list[Any] = []
    while True:
        status, answer = await _request(config, *EVENTS.asked({"after": options.after}))
        if status >= 400:
            _show(answer, as_json=options.json, status=status)
            return BAD
        if options.follow:
            for event in answer["events"]:
                line = f"{event['sequence']}  {event['at']}  {event['type']}  {json_text(event['data'])}"
                print(json_text(event) if options.json else harmless(line), flush=True)
        found += [] if options.follow else answer["events"]
        if answer["events"]:
            options.after = answer["events"][-1]["sequence"]
        elif options.follow:
            await SystemClock().sleep(_FOLLOW_S)
        else:
            _show({"events": found}, as_json=options.json)
            return OK


async def _check(options: argparse.Namespace, config: Config) -> int:
    """One line each: through the running kiosk, which owns the devices, or else by opening them here."""
    from kiosk.wiring import (  # heavy, as in `_run`
        examine,
        exposed,
        missing_pictures,
        prepared,
        sold_menu,
        standby_remark,
    )  # fmt: skip

    ready = await prepared(config)
    lines = [("configuration", True, str(options.config)), ("menu", *sold_menu(config, ready))]
    lines += [("files", not file.readable, f"{file.path}: {file.says}") for file in exposed(config)]
    if (found := standby_remark(config.standby.folder, config.database.path)) is not None:
        lines.append(("standby", *found))
    if missing := missing_pictures(config):  # a plate stands for each: no reason not to sell
        lines.append(("pictures", True, f"{len(missing)} of the menu are missing: {' '.join(missing)}"))
    says: dict[str, str] = {}
    own: dict[str, str] = {}
    try:
        _, answer = await _request(config, *DEVICES, language=_language(options))
        lines.append(("kiosk", True, "running: its database is open, its devices are asked through it"))
        lines += [(name, check["ok"], check["reason"] or "") for name, check in _devices(answer).items()]
        lines += [
            ("archive", True, f"{row['file']}, {row['bytes']} bytes")
            for row in answer["archives"]
            if not row.get("says")
        ]
        says, own = answer.get("says", {}), answer.get("own", {})
    except NotRunning:
        lines += await examine(config, ready.menu)
    if options.json:
        _show({"checks": [{"check": name, "ok": ok, "detail": detail} for name, ok, detail in lines]}, as_json=True)
    else:
        for name, ok, detail in lines:
            told = says.get(name) or detail or own.get(name, "")
            if name in says:
                told += f" ({' '.join(filter(None, (detail, own.get(name))))})"
            print(shown(f"{'ok ' if ok else 'BAD'}  {name:14} {told}".rstrip()))
    return OK if all(ok for _, ok, _ in lines) else BAD


async def _menu(options: argparse.Namespace, config: Config) -> int:
    """Raises `Refused`."""
    from kiosk.wiring.menu.files import MENU_FAULTS, menu_answer  # heavy, as in `_run`

    language = _language(options)

    async def ask(method: str, path: str, body: dict[str, Any] | None) -> tuple[int, Any]:
        return await _request(config, method, path, body, language)

    try:
        status, answer = await menu_answer(options, config.robot.complex, language, ask)
    except MENU_FAULTS as error:
        raise Refused(str(error)) from error
    for name in ("differences", "conflicts", "ways"):
        if status >= 400 and not options.json and (lines := answer.pop(name, ())):
            print(shown(f"{name}:"))
            for line in lines:
                print(shown(f"  {line}"))
    if "findings" in answer and not options.json:
        print(text_of({"findings": answer["findings"]}))
    else:
        _show(answer, as_json=options.json, status=status)
    return BAD if status >= 400 else OK


async def _set_up(options: argparse.Namespace, config: Config) -> int:
    from kiosk.wiring.setting_up import set_up  # heavy, as in `_run`

    def ask(words: str, now: str) -> str:
        return input(harmless(f"{words}{f' [{now}]' if now else ''}: "))

    try:
        return OK if await set_up(options.config, config, _language(options), ask, _say) else USAGE
    except EOFError:
        return BAD  # nobody answers any more, and nothing was written


async def _sell_for_trial(options: argparse.Namespace, config: Config) -> int:
    """The kiosk must run. Steps go where they disturb no JSON."""
    import aiohttp  # heavy, as in `_run`

    from kiosk.trial_sale import NoSale, TrialSale

    steps: list[str] = []

    def say(line: str) -> None:
        steps.append(shown(line))
        _say(line)

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S)) as session:
        url = f"http://{config.server.host}:{config.server.port}"
        sale = TrialSale(url, session, partial(_request, config), say, tokens=config.bank.url == SIM)
        try:
            await _request(config, *DEVICES)  # whether anybody is there
            await sale.run(options.sale)
        except NoSale as error:
            say(f"trial sale failed: {error}")
            return BAD
    if options.json:
        _show({"steps": steps}, as_json=True)
    return OK


async def _find(options: argparse.Namespace, config: Config) -> int:
    """A register that is in use is held by the kiosk: its port is told as busy."""
    from kiosk.wiring.finding import find  # heavy, as in `_run`

    others = [] if config.robot.simulated else [config.robot.port]
    searched = await find(options.find, config.registrars[0].password, others)
    if options.json:
        _show(msgspec.to_builtins(searched), as_json=True)
    else:
        for port, told in searched.ports.items():
            print(shown(f"{port}: {told}"))
        for register in searched.found:
            print(harmless(f"\n{register.section()}"))
    return OK if searched.found else BAD


async def _certify(options: argparse.Namespace, config: Config) -> int:
    """Against the complex itself, which nobody may work with meanwhile. Progress goes where it disturbs no JSON."""
    from kiosk.wiring import certifying  # heavy, as in `_run`

    language, port = _language(options), certifying.complex_at(config, options.port)
    power = certifying.power_switch(options.power_cut, person=sys.stdin.isatty())
    terms = {"jobs": options.jobs, "clauses": options.clauses, "power": power}
    try:
        with certifying.without_the_kiosk(config, port):
            found = await certifying.certified(config, port, language, _say, **terms)
    except DatabaseInUse as error:
        found = certifying.unfit(port, "kiosk_runs", str(error), language)
    if options.json:
        _show(msgspec.to_builtins(found), as_json=True)
    else:
        print(harmless("\n".join(found.lines(language))), file=sys.stderr if found.code else sys.stdout)
    return OK if found.passed else BAD


def _say(line: str) -> None:
    print(harmless(line), file=sys.stderr, flush=True)


def _devices(status: dict[str, Any]) -> dict[str, Any]:
    """The checks that are devices: a pause by staff is none, nor are books that contradict each other."""
    return {name: check for name, check in status["checks"].items() if name not in _NO_DEVICES}


def _show(answer: Any, *, as_json: bool, status: int = 200) -> None:
    if as_json:
        print(json_text(answer))
    elif status >= 400:
        print(f"kiosk: {refusal_text(answer)}", file=sys.stderr)
    else:
        print(text_of(answer))


if __name__ == "__main__":
    raise SystemExit(main())
