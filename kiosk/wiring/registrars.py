"""The registrar's driver as `[fiscal] driver` names it; the others are not loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from drivers.fiscal.port import DocumentCarrier, FiscalOffice, OrderTag
from drivers.sim.endpoints import Endpoints
from drivers.tap import Tap
from kiosk.config.secret_files import read_key
from kiosk.config.settings import Fiscal
from kiosk.wiring.parts import Parts


class Registrar(NamedTuple):
    """A driver, and who reports the way of its documents and lets them be carried, where it has one."""

    office: FiscalOffice
    carrier: DocumentCarrier | None = None


Vendor = Callable[[Fiscal, Parts, Endpoints, ZoneInfo, Tap], Registrar]


def _shtrih(fiscal: Fiscal, parts: Parts, endpoints: Endpoints, zone: ZoneInfo, tap: Tap) -> Registrar:
    from drivers.fiscal.ofd import OfdClient
    from drivers.fiscal.shtrih.registrar import ShtrihRegistrar
    from drivers.fiscal.shtrih.session import ShtrihSession
    from drivers.fiscal.shtrih.timeouts import ShtrihTimeouts

    port = (endpoints.fiscal_port if fiscal.simulated else None) or fiscal.port
    session = ShtrihSession(
        open_link=tap.on(parts.open_link),
        port=port,
        baudrate=fiscal.baudrate,
        protocol=fiscal.protocol,
        password=fiscal.password,
        timeouts=parts.fiscal_timeouts or ShtrihTimeouts.on(port),
    )
    carrier = OfdClient(parts.ofd_timeouts)
    office = ShtrihRegistrar(session, order_tag=OrderTag(fiscal.order_tag), timezone=zone, ofd=carrier)
    return Registrar(office, office.ofd)


def _atol(fiscal: Fiscal, parts: Parts, endpoints: Endpoints, zone: ZoneInfo, tap: Tap) -> Registrar:
    from drivers.fiscal.atol.registrar import AtolRegistrar

    office = AtolRegistrar(
        open_link=tap.on(parts.open_link),
        port=(endpoints.fiscal_port if fiscal.simulated else None) or fiscal.port,
        baudrate=fiscal.baudrate,
        password=fiscal.password,
        order_tag=OrderTag(fiscal.order_tag),
        timeouts=parts.atol_timeouts,
        timezone=zone,
    )
    return Registrar(office)


def _atol_web(fiscal: Fiscal, parts: Parts, endpoints: Endpoints, zone: ZoneInfo, tap: Tap) -> Registrar:
    from drivers.fiscal.atol_web.registrar import AtolWebRegistrar

    office = AtolWebRegistrar(
        url=(endpoints.fiscal_url if fiscal.simulated else None) or fiscal.url,
        order_tag=OrderTag(fiscal.order_tag),
        timeouts=parts.atol_web_timeouts,
        timezone=zone,
        login=read_key(fiscal.key_file, "$.fiscal.key_file") if fiscal.key_file else "",
        tap=tap,
    )
    return Registrar(office)


_VENDORS: Mapping[str, Vendor] = MappingProxyType({"shtrih": _shtrih, "atol": _atol, "atol-web": _atol_web})


def built(
    registrars: Sequence[Fiscal], parts: Parts, endpoints: Endpoints, zone: ZoneInfo, taps: Mapping[str, Tap]
) -> dict[str, Registrar]:
    """One driver each, by name; `taps` hear what goes to them and comes back."""
    return {row.name: _VENDORS[row.driver](row, parts, endpoints, zone, taps[row.name]) for row in registrars}
