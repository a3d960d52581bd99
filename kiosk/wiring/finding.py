"""`kiosk check --find`: which register is at which line. Only commands that read are sent, to ports nobody holds.

Rates and addresses are those that the vendors' own drivers try: a serial adapter talks at one rate only, a USB port at
any, a register that comes up as a network card at its vendor's address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import msgspec
from serial.tools.list_ports import comports

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable
from drivers.fiscal.atol.registrar import AtolRegistrar
from drivers.fiscal.atol.timeouts import AtolTimeouts
from drivers.fiscal.atol_web.client import AtolWebTimeouts
from drivers.fiscal.atol_web.registrar import AtolWebRegistrar
from drivers.fiscal.port import FiscalOffice
from drivers.fiscal.shtrih.registrar import ShtrihRegistrar
from drivers.fiscal.shtrih.session import ShtrihSession
from drivers.fiscal.shtrih.timeouts import ShtrihTimeouts
from drivers.link import TCP, open_line

_RATES = (115200, 57600, 38400, 19200, 9600, 4800, 256000)
#: A Shtrih that comes up as a network card (RNDIS), and the web server of ATOL's driver on this machine.
_ADDRESSES = ("tcp://192.168.137.111:7778",)
_WEB = "http://127.0.0.1:16732"
#: A port where something babbles is left; all tries at one that is silent take half as long.
_PORT_S = 30.0
_BY_ID = Path("/dev/serial/by-id")
_SHTRIH = ShtrihTimeouts(
    ack_s=0.3, enquiry_s=0.25, enquiry_total_s=0.5, command_s=3.0, commands_s={}, recovery_s=0.5, printing_s=1.0
)
_ATOL = AtolTimeouts(reply_s=0.3, silence_s=0.6, poll_s=0.3, reopen_s=0.1, command_s=3.0, commands_s={})
_ATOL_WEB = AtolWebTimeouts(call_s=1.0, question_s=3.0, task_s=3.0, poll_s=0.1, again_s=0.1)


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """What to put into `[fiscal]`, and which drive is behind it; `says` where the register answers but will not."""

    driver: Literal["shtrih", "atol", "atol-web"]
    port: str = ""
    url: str = ""
    baudrate: int = 0
    protocol: int = 0
    drive_number: str = ""
    says: str = ""

    def settings(self) -> dict[str, str | int]:
        """The keys of `[fiscal]`."""
        found: dict[str, str | int] = {
            "driver": self.driver,
            "url": self.url,
            "port": self.port,
            "baudrate": self.baudrate,
            "protocol": self.protocol,
        }
        return {name: value for name, value in found.items() if value}

    def section(self) -> str:
        """As it is written in the settings."""
        lines = [
            f"{name} = {value}" if isinstance(value, int) else f'{name} = "{value}"'
            for name, value in self.settings().items()
        ]
        behind = self.says or f"drive {self.drive_number}"
        return "\n".join((f"[fiscal]  # {behind}", *lines))


class Searched(msgspec.Struct, frozen=True):
    """`ports`: what was looked at, and what came of it."""

    found: list[Found]
    ports: dict[str, str]


async def find(ports: Sequence[str], password: int, taken: Iterable[str] = ()) -> Searched:
    """Every register at `ports`, or at every port of this machine; `taken` are other devices' lines."""
    named = list(ports) or [port for port in _everywhere() if port not in set(taken)]
    found: list[Found] = []
    told: dict[str, str] = {}
    for port in named:
        try:
            async with asyncio.timeout(_PORT_S):
                register = await _at(port, password)
        except DeviceUnreachable as error:
            told[port] = error.code
            continue
        except TimeoutError:
            told[port] = f"no register answers within {_PORT_S:.0f} s"
            continue
        told[port] = register.driver if register else "no register answers"
        found += [register] if register else []
    if not ports and (web := await _asked(AtolWebRegistrar(url=_WEB, timeouts=_ATOL_WEB), Found("atol-web", url=_WEB))):
        found.append(web)
    return Searched(found, told)


def _everywhere() -> list[str]:
    """By the names that stay the same whichever socket the cable is in."""
    stable = {link.resolve(): str(link) for link in sorted(_BY_ID.glob("*"))} if _BY_ID.is_dir() else {}
    return [*(stable.get(Path(row.device).resolve(), row.device) for row in sorted(comports())), *_ADDRESSES]


async def _at(port: str, password: int) -> Found | None:
    """Raises `DeviceUnreachable` where the port cannot be opened."""
    (await open_line(port, _RATES[0])).close()
    for registrar, register in _tries(port, password):
        if (found := await _asked(registrar, register)) is not None:
            return found
    return None


def _tries(port: str, password: int) -> Iterator[tuple[FiscalOffice, Found]]:
    on_network = port.startswith(TCP)
    shtrih = replace(_SHTRIH, byte_s=ShtrihTimeouts.on(port).byte_s)
    for rate in _RATES[:1] if on_network else _RATES:
        shown = 0 if on_network else rate
        for protocol in (1, 2):
            yield (
                ShtrihRegistrar(
                    ShtrihSession(
                        open_link=open_line,
                        port=port,
                        baudrate=rate,
                        password=password,
                        protocol=2 if protocol == 2 else 1,
                        timeouts=shtrih,
                    )
                ),
                Found("shtrih", port, baudrate=shown, protocol=protocol),
            )
        yield (
            AtolRegistrar(open_link=open_line, port=port, baudrate=rate, password=password, timeouts=_ATOL),
            Found("atol", port, baudrate=shown),
        )


async def _asked(registrar: FiscalOffice, register: Found) -> Found | None:
    try:
        status = await registrar.status()
    except DeviceRefused as refusal:  # it speaks the language: the password is another one, or it has no drive
        return msgspec.structs.replace(register, says=str(refusal))
    except DeviceError:
        return None
    finally:
        await registrar.close()
    return msgspec.structs.replace(register, drive_number=status.drive_number)
