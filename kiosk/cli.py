"""The command `kiosk`: run, check, and the technician's client of the unix socket (contract §6)."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp

from kiosk import __version__
from kiosk.catalogue import load_menu
from kiosk.config import Config, ConfigError, load
from kiosk.domain.chart import ChartError
from kiosk.domain.errors import DatabaseBroken
from kiosk.domain.menu import MenuError

OK, BAD, USAGE, NOT_RUNNING = 0, 1, 2, 3
_TIMEOUT_S = 150
_START_ERRORS = (ConfigError, MenuError, ChartError, DatabaseBroken)


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, default=Path("config.toml"), help="default: config.toml here")
    common.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser = argparse.ArgumentParser("kiosk", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, parents=[common])

    command("run", "run the kiosk in the foreground")
    command("check", "read configuration, menu and, through the running kiosk, its devices")
    command("status", "why sales are open or paused")
    command("devices", "the devices one by one")
    command("order", "one order").add_argument("order_id")
    command("shift", "the fiscal shift").add_argument("action", nargs="?", choices=["show", "open", "close"])
    command("stock", "bins with levels and reservations")
    stop = command("stop-list", "take a dish off sale, or put it back")
    stop.add_argument("action", choices=["add", "remove"])
    stop.add_argument("item_id")
    command("pause", "pause sales")
    command("resume", "resume sales")
    command("events", "the outbox").add_argument("--after", type=int, default=0)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(sys.argv[1:] if argv is None else argv)
    try:
        config = load(options.config)
        if options.command == "run":
            return _run(config)
        return asyncio.run(_ask(options, config))
    except _START_ERRORS as error:
        print(f"kiosk: {error}", file=sys.stderr)
        return BAD
    except KeyboardInterrupt:
        return OK


def _run(config: Config) -> int:
    from kiosk.wiring import run  # heavy, and not needed by the technician's commands

    return asyncio.run(run(config))


class NotRunning(Exception):
    """Nobody answers at the socket."""


async def _ask(options: argparse.Namespace, config: Config) -> int:
    if options.command == "check":
        return await _check(options, config)
    method, path, body = _call(options)
    try:
        status, answer = await _request(config, method, path, body)
    except NotRunning:
        print("kiosk: not running", file=sys.stderr)
        return NOT_RUNNING
    _show(answer, options.json)
    return OK if status < 400 else BAD


def _call(options: argparse.Namespace) -> tuple[str, str, dict[str, Any] | None]:
    """(method, path, body) of a command."""
    match options.command:
        case "order":
            return "GET", f"/internal/orders/{options.order_id}", None
        case "shift" if options.action in ("open", "close"):
            return "POST", f"/internal/shift/{options.action}", None
        case "stock":
            return "GET", "/internal/robotics/ingredients", None
        case "stop-list":
            body = {"item_id": options.item_id, "stopped": options.action == "add"}
            return "POST", "/internal/stop-list", body
        case "pause" | "resume":
            return "POST", f"/internal/sales/{options.command}", None
        case "events":
            return "GET", f"/internal/events?after={options.after}", None
        case _:
            return "GET", f"/internal/{options.command}", None


async def _request(config: Config, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, Any]:
    connector = aiohttp.UnixConnector(str(config.server.socket))
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        try:
            async with session.request(method, f"http://kiosk{path}", json=body) as response:
                text = await response.text()
                return response.status, json.loads(text) if text else {}
        except (aiohttp.ClientConnectorError, FileNotFoundError) as error:
            raise NotRunning from error


async def _check(options: argparse.Namespace, config: Config) -> int:
    """One line each; through the running kiosk, which owns the devices."""
    menu = load_menu(Path(config.menu.file) if config.menu.file else None)
    lines = [("configuration", True, str(options.config)), ("menu", True, f"{len(menu.dishes)} dishes")]
    try:
        _, answer = await _request(config, "GET", "/internal/devices", None)
        lines += [(name, check["ok"], check["reason"] or "") for name, check in answer["checks"].items()]
    except NotRunning:
        lines.append(("kiosk", False, "not running"))
    if options.json:
        _show([{"check": name, "ok": ok, "detail": detail} for name, ok, detail in lines], True)
    else:
        for name, ok, detail in lines:
            print(f"{'ok ' if ok else 'BAD'}  {name:14} {detail}")
    return OK if all(ok for _, ok, _ in lines) else BAD


def _show(answer: Any, as_json: bool) -> None:
    if as_json:
        print(json.dumps(answer, ensure_ascii=False))
    elif isinstance(answer, dict) and len(answer) == 1 and isinstance(rows := next(iter(answer.values())), list):
        for row in rows:
            print("  ".join(f"{name}={value}" for name, value in row.items()))
    else:
        print(json.dumps(answer, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    raise SystemExit(main())
