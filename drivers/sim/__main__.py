"""`python -m drivers.sim NAME`: a simulated device as a process of its own, `--help` lists them (contract §8)."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from drivers.sim.atol import device as atol_device
from drivers.sim.atol_web import device as atol_web_device
from drivers.sim.faults import Controlled
from drivers.sim.gateways.bank import bank
from drivers.sim.gateways.http import FAULTS as HTTP_FAULTS
from drivers.sim.gateways.push import push
from drivers.sim.gateways.sms import sms
from drivers.sim.ofd import device as ofd_device
from drivers.sim.robot import device as robot_device
from drivers.sim.shtrih import device as shtrih_device
from drivers.sim.shtrih.models import MODELS

_HTTP_DEVICES = {"bank": bank, "sms": sms, "push": push}
_REGISTRARS: Mapping[str, Callable[..., contextlib.AbstractAsyncContextManager[Controlled]]] = {
    "shtrih": shtrih_device.shtrih,
    "atol": atol_device.atol,
}
_WEB_REGISTRAR = "atol-web"
_OFD = "ofd"
_KNOWN = {
    "shtrih": shtrih_device.KNOWN_FAULTS,
    "atol": atol_device.KNOWN_FAULTS,
    _WEB_REGISTRAR: atol_web_device.KNOWN_FAULTS,
    "robot": robot_device.FAULTS,
    **dict.fromkeys(_HTTP_DEVICES, HTTP_FAULTS),
    _OFD: ofd_device.FAULTS,
}

_EXAMPLES = {
    "paper_out": "{}",
    "cover_open": "{}",
    "drive_full": "{}",
    "off": "{}",
    "link_lost": "{}",
    "noise": '{"rate": 0.01}',
    "lose_answer": '{"after": "FF45"}  (atol "4A", atol-web "sell"; bank, SMS and push take none)',
    "slow_print": '{"seconds": 0.5}  (a line; shtrih)',
    "wrong_answer": '{"after": "FF45", "code": 119}  (atol "4A", atol-web "sell")',
    "slow": '{"seconds": 2}',
    "hold": "{}  (each request waits while it is on; bank, SMS, push)",
    "refuse_tag": '{"tag": 1192}',
    "estop": "{}",
    "door_open": "{}",
    "bin_empty": '{"bin": 3}',
    "cells_full": "{}",
    "nobody_comes": "{}",
    "jam": '{"station": 2}',
    "power_cut": '{"at": "after_store"}',
    "down": "{}",
    "drive_expires": '{"days": 20}',
    "away": "{}",
    "refuse": "{}",
    "silent": "{}",
    "garbage": "{}",
    "half_answer": "{}",
    "wrong_ticket": '{"of": "drive"}  (or "document")',
    "too_long": "{}",
}


def _faults_help(known: Sequence[str]) -> str:
    lines = [f"  {name:12} {_EXAMPLES.get(name, '{}')}" for name in known]
    return (
        'Faults by --control, one JSON line each: {"fault": NAME, "on": true|false, …}; {"state": true} tells the '
        "state.\nNames with an example of their members:\n" + "\n".join(lines)
    )


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    everything = sorted({fault for known in _KNOWN.values() for fault in known})
    parser = argparse.ArgumentParser(
        "python -m drivers.sim",
        description=__doc__,
        epilog=_faults_help(everything),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    devices = parser.add_subparsers(dest="device", required=True)
    for name, known in _KNOWN.items():
        device = devices.add_parser(
            name, epilog=_faults_help(sorted(known)), formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if name in (*_HTTP_DEVICES, _WEB_REGISTRAR, _OFD):
            device.add_argument("--port", type=int, required=True, help="TCP port on 127.0.0.1; 0 takes a free one")
        else:
            device.add_argument("--link", type=Path, required=True, help="where the pseudo-terminal is linked")
            device.add_argument("--speed", type=float, default=1.0, help="scales cooking and pick-up only")
        if name == "shtrih":
            device.add_argument(
                "--ofd", type=_host_and_port, help="HOST:PORT of the operator; the host is to carry documents there"
            )
            device.add_argument("--ffd", choices=("1.05", "1.1", "1.2"), default="1.2", help="of its registration")
            device.add_argument("--model", choices=sorted(MODELS), default="m-01f", help="what it tells of itself")
        if name not in (*_HTTP_DEVICES, _OFD):
            device.add_argument("--seed", type=int)
            device.add_argument("--timezone", default="Europe/Moscow")
        device.add_argument("--state", type=Path, required=True, help="the device's non-volatile memory")
        device.add_argument("--ledger", type=Path, required=True, help="append-only JSON Lines of what happened")
        device.add_argument("--control", type=Path, help="unix socket for faults")
    return parser.parse_args(argv)


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


async def serve(options: argparse.Namespace) -> None:
    """Run the device until SIGTERM or SIGINT; prints `ready` and where it answers."""
    end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    async with contextlib.AsyncExitStack() as stack:
        where = await _enter(stack, options)
        sys.stdout.write(f"ready {where}\n")
        sys.stdout.flush()
        await end.wait()


async def _enter(stack: contextlib.AsyncExitStack, options: argparse.Namespace) -> str:
    state, ledger, control = options.state, options.ledger, options.control
    if (http_device := _HTTP_DEVICES.get(options.device)) is not None:
        device = await stack.enter_async_context(http_device(options.port, state=state, ledger=ledger, control=control))
        return device.url
    if options.device == _OFD:
        operator = await stack.enter_async_context(
            ofd_device.ofd(options.port, state=state, ledger=ledger, control=control)
        )
        return f"127.0.0.1:{operator.port}"
    if options.device == _WEB_REGISTRAR:
        server = await stack.enter_async_context(
            atol_web_device.atol_web(
                options.port,
                state=state,
                ledger=ledger,
                control=control,
                seed=options.seed,
                timezone=options.timezone,
            )
        )
        return server.url
    if (registrar := _REGISTRARS.get(options.device)) is not None:
        await stack.enter_async_context(
            registrar(
                options.link,
                state=state,
                ledger=ledger,
                control=control,
                seed=options.seed,
                speed=options.speed,
                timezone=options.timezone,
                **_more(options),
            )
        )
    else:
        await stack.enter_async_context(
            robot_device.robot(
                options.link, state=state, ledger=ledger, control=control, seed=options.seed, speed=options.speed
            )
        )
    return str(options.link)


def _more(options: argparse.Namespace) -> dict[str, Any]:
    if options.device != "shtrih":
        return {}
    return {"host_carries_to": options.ofd, "ffd": options.ffd, "model": options.model}


def main() -> None:
    os.umask(0o077)  # ledgers hold phones and codes
    asyncio.run(serve(arguments(sys.argv[1:])))


if __name__ == "__main__":
    main()
