"""`python -m drivers.sim NAME`: a simulated device as a process of its own, `--help` lists them (simulators.md)."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from drivers.robot.equipment import EquipmentError
from drivers.sim.atol import device as atol_device
from drivers.sim.atol_web import device as atol_web_device
from drivers.sim.complex2.firmware import FAULTS as COMPLEX2_FAULTS
from drivers.sim.faults import Controlled
from drivers.sim.gateways import menu as menu_device
from drivers.sim.gateways.bank import bank
from drivers.sim.gateways.http import FAULTS as HTTP_FAULTS
from drivers.sim.gateways.push import push
from drivers.sim.gateways.sms import sms
from drivers.sim.gateways.yookassa import yookassa
from drivers.sim.inpas import device as inpas_device
from drivers.sim.nut import device as nut_device
from drivers.sim.ofd import device as ofd_device
from drivers.sim.qr_bank import QrRules
from drivers.sim.raif import device as raif_device
from drivers.sim.register_setup import RegisterSetup
from drivers.sim.robot import device as robot_device
from drivers.sim.shtrih import device as shtrih_device
from drivers.sim.shtrih.models import MODELS
from drivers.sim.shtrih.setup import ShtrihSetup
from drivers.sim.smtp import device as smtp_device
from drivers.sim.tbank import device as tbank_device
from drivers.sim.vtk import device as vtk_device


class _OnPort(Protocol):
    @property
    def port(self) -> int: ...


_HTTP_DEVICES = {"bank": bank, "yookassa": yookassa, "sms": sms, "push": push}
_REGISTRARS: Mapping[str, Callable[..., contextlib.AbstractAsyncContextManager[Controlled]]] = {
    "shtrih": shtrih_device.shtrih,
    "atol": atol_device.atol,
}
_WEB_REGISTRAR = "atol-web"
#: They speak a protocol of their own over TCP.
_TCP_DEVICES: Mapping[str, Callable[..., contextlib.AbstractAsyncContextManager[_OnPort]]] = {
    "ofd": ofd_device.ofd,
    "smtp": smtp_device.smtp,
    "nut": nut_device.nut,
}
_COMPLEX2 = "complex2"
_VTK = "vtk"
_TBANK, _RAIF = "tbank", "raif"
#: By bank, what names the shop and what it proves itself by: option, and the bank's own word.
_QR_BANKS = {
    _TBANK: (("--terminal-key", "TerminalKey"), ("--password-file", "password of signatures")),
    _RAIF: (("--merchant-id", "sbpMerchantId"), ("--key-file", "secret key")),
}
_INPAS = "inpas"
_MENU = "menu"
#: People stand before them, whose time is scaled.
_SPEEDS = {
    **dict.fromkeys(_QR_BANKS, "scales the customer with the phone only"),
    _INPAS: "scales the customer with the card only",
}
_KNOWN = {
    "shtrih": shtrih_device.KNOWN_FAULTS,
    "atol": atol_device.KNOWN_FAULTS,
    _WEB_REGISTRAR: atol_web_device.KNOWN_FAULTS,
    "robot": robot_device.FAULTS,
    _COMPLEX2: COMPLEX2_FAULTS,
    **dict.fromkeys(_HTTP_DEVICES, HTTP_FAULTS),
    "ofd": ofd_device.FAULTS,
    "smtp": smtp_device.FAULTS,
    "nut": nut_device.FAULTS,
    _VTK: vtk_device.KNOWN_FAULTS,
    _TBANK: tbank_device.FAULTS,
    _INPAS: inpas_device.FAULTS,
    _RAIF: raif_device.FAULTS,
    _MENU: menu_device.FAULTS,
}

_EXAMPLES = {
    "paper_out": "{}",
    "cover_open": "{}",
    "drive_full": "{}",
    "off": "{}",
    "link_lost": "{}",
    "noise": '{"rate": 0.01}',
    "lose_answer": '{"after": "FF45"}'
    '  (atol "4A", atol-web "sell", vtk "VRP", tbank "Init", raif "order", inpas "1"; else none)',
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
    "bin_warm": '{"bin": 6}  (its fridge has failed)',
    "cell_cold": '{"cell": 1}  (its heater has failed)',
    "power_cut": '{"at": "after_store"}  (robot also before_store, after_ack; vtk, inpas before_bank, after_bank)',
    "down": "{}",
    "wrong_signature": "{}  (by another key; menu)",
    "old_signature": "{}  (an hour ago)",
    "old_revision": "{}  (the first menu that it had since its start)",
    "same_revision": "{}  (the newest menu under the number of the one before)",
    "cut_body": "{}",
    "unsellable": "{}  (a dish that costs nothing)",
    "wrong_picture": "{}  (another file than its hash says)",
    "drive_expires": '{"days": 20}',
    "away": "{}",
    "busy": "{}  (each letter is put off; smtp)",
    "endless": "{}  (an answer that never ends)",
    "refuse": "{}",
    "mains_lost": "{}  (the battery supplies; nut)",
    "battery_left": '{"percent": 40}',
    "battery_low": "{}",
    "worn": "{}  (the battery is to be replaced)",
    "stale": "{}  (the server has lost the supply)",
    "unknown": "{}  (no supply of that name)",
    "silent": "{}",
    "garbage": "{}",
    "half_answer": "{}",
    "wrong_ticket": '{"of": "drive"}  (or "document")',
    "too_long": "{}",
    "tap": "{}  (a card is shown now; vtk)",
    "refuse_card": "{}  (one that its bank refuses)",
    "red_button": "{}  (the reader's own cancel; inpas)",
    "errorcode": '{"code": 13}  (once, instead of carrying it out)',
    "errorcode_after": '{"code": 13}  (once, after it was carried out)',
    "undefined": "{}  (once: carried out, and answered with status 0)",
    "cancel_offline": "{}  (once: its bank is not reached for a void; inpas)",
    "no_connection": "{}  (once: its bank is not reached)",
    "cp1251": "{}  (answers in windows-1251)",
    "bare_ids": '{}  (field ids "0" instead of "00")',
    "doubled_field": "{}  (once: an answer with two statuses)",
    "other_copy": "{}  (the copy of the last receipt is of another sale)",
    "no_copy": "{}  (there is no last receipt)",
    "foreign_sale": "{}  (somebody else's sale at this reader)",
    "after_power_cut": '{"do": "complete"}  (or "reverse", "forget": of a sale that the bank had approved)',
    "no_void": "{}  (voids are refused)",
    "refuse_return": "{}  (voids and refunds are refused)",
    "refuse_settlement": "{}",
    "unplug": "{}  (the cable, for two seconds)",
    "nobody_taps": "{}",
    "decline": "{}",
    "partial": '{"kopecks": 100}  (the bank approves no more)',
    "on_idl_after_approval": '{"do": "autocancel"}  (or "autofinal", "keep": what a firmware does then)',
    "abr": '{"do": "ignored"}  (or "honoured")',
    "lose_request": '{"of": "Init"}  (not carried out, the connection breaks; raif "order")',
    "try_later": '{"times": 3}  (so many calls are put off: tbank 9999, raif HTTP 503)',
    "repeated": '{"code": "20"}  (what an order number that it has is answered)',
    "odd_state": '{"word": "FROZEN"}  (what is said of a bill)',
    "clock_ahead": '{"seconds": 120}',
    "no_funds": "{}  (the shop's account is empty: nothing is refunded)",
    "nobody_pays": "{}",
    "in_transfer": "{}  (what is paid stays under way while it is on)",
    "async_refunds": "{}  (what is refunded stays under way while it is on)",
    "pay_during_cancel": "{}  (the guest pays in the moment of a cancel, once)",
    "cancels_in_transfer": "{}  (what is being paid is cancelled all the same; raif)",
    "decline_refunds": "{}  (what is refunded is declined; raif)",
    "pay": '{"id": "3000000001"}  (a guest pays now; without an id the newest that is open)',
    "reject": "{}  (the guest's bank refuses)",
    "expire": "{}  (its day has passed)",
    "online": '{"host": "198.51.100.7", "port": 443}  (it reaches its bank through the kiosk)',
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
        if name in (*_HTTP_DEVICES, _WEB_REGISTRAR, *_TCP_DEVICES, _COMPLEX2, _MENU, *_SPEEDS):
            device.add_argument("--port", type=int, required=True, help="TCP port on 127.0.0.1; 0 takes a free one")
        elif name == _VTK:
            place = device.add_mutually_exclusive_group(required=True)
            place.add_argument("--link", type=Path, help="where the pseudo-terminal is linked")
            place.add_argument("--port", type=int, help="or a TCP port on 127.0.0.1; 0 takes a free one")
            device.add_argument("--speed", type=float, default=1.0, help="scales the customer with the card only")
        else:
            device.add_argument("--link", type=Path, required=True, help="where the pseudo-terminal is linked")
        if name not in (*_HTTP_DEVICES, _WEB_REGISTRAR, *_TCP_DEVICES, _VTK, _MENU, *_SPEEDS):
            device.add_argument("--speed", type=float, default=1.0, help="scales cooking and pick-up only")
        if name in _SPEEDS:
            device.add_argument("--speed", type=float, default=1.0, help=_SPEEDS[name])
        _add_own(device, name)
        if name not in (*_HTTP_DEVICES, *_TCP_DEVICES, _MENU):
            device.add_argument("--seed", type=int)
            device.add_argument("--timezone", default="Europe/Moscow")
        device.add_argument("--state", type=Path, required=True, help="the device's non-volatile memory")
        device.add_argument("--ledger", type=Path, required=True, help="append-only JSON Lines of what happened")
        device.add_argument("--control", type=Path, help="unix socket for faults")
    return parser.parse_args(argv)


def _add_own(device: argparse.ArgumentParser, name: str) -> None:
    """What one device has alone."""
    if name in _QR_BANKS:
        (shop, shop_word), (secret, secret_word) = _QR_BANKS[name]
        device.add_argument(shop, dest="shop", default="", help=f"the only {shop_word} it takes; else any")
        device.add_argument(secret, dest="secret_file", type=Path, help=f"file of the {secret_word}; else none")
    if name == "shtrih":
        device.add_argument(
            "--ofd", type=_host_and_port, help="HOST:PORT of the operator; the host is to carry documents there"
        )
        device.add_argument("--ffd", choices=("1.05", "1.1", "1.2"), default="1.2", help="of its registration")
        device.add_argument("--model", choices=sorted(MODELS), default="m-01f", help="what it tells of itself")
    if name == "robot":
        device.add_argument("--complex", type=Path, help="what it has (robot.md#the-complex-as-data); else the demo's")
    if name == _MENU:
        device.add_argument("--secret-file", type=Path, required=True, help="whsec_… that its answers are signed by")
        device.add_argument("--menu", type=Path, help="what `kiosk menu export` wrote; another content is the next")


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
    if (tcp_device := _TCP_DEVICES.get(options.device)) is not None:
        server = await stack.enter_async_context(tcp_device(options.port, state=state, ledger=ledger, control=control))
        return f"127.0.0.1:{server.port}"
    if options.device == _MENU:
        secret = options.secret_file.read_text().strip()
        cloud = menu_device.menu_cloud(
            options.port, secret=secret, state=state, ledger=ledger, control=control, file=options.menu
        )
        return (await stack.enter_async_context(cloud)).menu_url
    if options.device == _COMPLEX2:
        return await _enter_complex2(stack, options)
    if options.device == _WEB_REGISTRAR:
        web = await stack.enter_async_context(
            atol_web_device.atol_web(
                options.port,
                state=state,
                ledger=ledger,
                control=control,
                seed=options.seed,
                setup=RegisterSetup(timezone=options.timezone),
            )
        )
        return web.url
    if options.device == _VTK:
        return await _enter_reader(stack, options)
    if options.device == _INPAS:
        return await _enter_inpas(stack, options)
    if options.device in _QR_BANKS:
        return await _enter_qr_bank(stack, options)
    if (registrar := _REGISTRARS.get(options.device)) is not None:
        await stack.enter_async_context(
            registrar(
                options.link,
                state=state,
                ledger=ledger,
                control=control,
                seed=options.seed,
                speed=options.speed,
                setup=_setup(options),
            )
        )
    else:
        await stack.enter_async_context(
            robot_device.robot(
                options.link,
                state=state,
                ledger=ledger,
                control=control,
                seed=options.seed,
                speed=options.speed,
                rules=robot_device.RobotRules(description=options.complex),
            )
        )
    return str(options.link)


async def _enter_complex2(stack: contextlib.AsyncExitStack, options: argparse.Namespace) -> str:
    try:
        from drivers.sim.complex2.device import complex2  # needs pymodbus's server, which nothing else does
    except ModuleNotFoundError as error:
        raise SystemExit(f"{error}: pip install '.[complex2]'") from error
    device = await stack.enter_async_context(
        complex2(
            options.port,
            state=options.state,
            ledger=options.ledger,
            control=options.control,
            seed=options.seed,
            speed=options.speed,
        )
    )
    return f"tcp://127.0.0.1:{device.port}"


async def _enter_reader(stack: contextlib.AsyncExitStack, options: argparse.Namespace) -> str:
    rules = vtk_device.ReaderRules(tap_s=1.0 / options.speed)
    files = {name: getattr(options, name) for name in ("state", "ledger", "control", "seed")}
    if options.port is None:
        await stack.enter_async_context(vtk_device.vtk(options.link, **files, rules=rules))
        return str(options.link)
    device = await stack.enter_async_context(vtk_device.vtk_over_network(options.port, **files, rules=rules))
    return f"127.0.0.1:{device.port}"


async def _enter_inpas(stack: contextlib.AsyncExitStack, options: argparse.Namespace) -> str:
    rules = inpas_device.InpasRules(tap_s=1.0 / options.speed)
    files = {name: getattr(options, name) for name in ("state", "ledger", "control", "seed")}
    service = await stack.enter_async_context(inpas_device.inpas(options.port, **files, rules=rules))
    return service.url


async def _enter_qr_bank(stack: contextlib.AsyncExitStack, options: argparse.Namespace) -> str:
    secret = "" if options.secret_file is None else options.secret_file.read_text().strip()
    rules = QrRules(1.0 / options.speed, options.shop, secret)
    build = raif_device.raif if options.device == _RAIF else tbank_device.tbank
    files = {name: getattr(options, name) for name in ("state", "ledger", "control")}
    device = await stack.enter_async_context(build(options.port, **files, rules=rules))
    return device.url


def _setup(options: argparse.Namespace) -> RegisterSetup:
    if options.device == "atol":
        return replace(atol_device.AS_SOLD, timezone=options.timezone)
    if options.device != "shtrih":
        return RegisterSetup(timezone=options.timezone)
    return ShtrihSetup(host_carries_to=options.ofd, ffd=options.ffd, model=options.model, timezone=options.timezone)


def main() -> None:
    os.umask(0o077)  # ledgers hold phones and codes
    try:
        asyncio.run(serve(arguments(sys.argv[1:])))
    except EquipmentError as error:
        sys.exit(f"drivers.sim: {error}")


if __name__ == "__main__":
    main()
