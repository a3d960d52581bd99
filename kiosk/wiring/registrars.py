"""The registrar's driver as `[fiscal] driver` names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from zoneinfo import ZoneInfo

from drivers.fiscal.atol.registrar import AtolRegistrar
from drivers.fiscal.atol_web.registrar import AtolWebRegistrar
from drivers.fiscal.ofd import OfdClient
from drivers.fiscal.port import DocumentCarrier, FiscalOffice, OrderTag
from drivers.fiscal.shtrih.registrar import ShtrihRegistrar
from drivers.fiscal.shtrih.timeouts import ShtrihTimeouts
from drivers.sim.embedded import Endpoints
from kiosk.config.secret_files import read_key
from kiosk.config.settings import Fiscal
from kiosk.wiring.parts import Parts

Vendor = Callable[[Fiscal, Parts, Endpoints, ZoneInfo], FiscalOffice]


def _shtrih(fiscal: Fiscal, parts: Parts, endpoints: Endpoints, zone: ZoneInfo) -> FiscalOffice:
    port = (endpoints.fiscal_port if fiscal.simulated else None) or fiscal.port
    return ShtrihRegistrar(
        open_link=parts.open_link,
        port=port,
        baudrate=fiscal.baudrate,
        protocol=fiscal.protocol,
        password=fiscal.password,
        order_tag=OrderTag(fiscal.order_tag),
        timeouts=parts.fiscal_timeouts or ShtrihTimeouts.on(port),
        timezone=zone,
        ofd=OfdClient(parts.ofd_timeouts),
    )


def _atol(fiscal: Fiscal, parts: Parts, endpoints: Endpoints, zone: ZoneInfo) -> FiscalOffice:
    return AtolRegistrar(
        open_link=parts.open_link,
        port=(endpoints.fiscal_port if fiscal.simulated else None) or fiscal.port,
        baudrate=fiscal.baudrate,
        password=fiscal.password,
        order_tag=OrderTag(fiscal.order_tag),
        timeouts=parts.atol_timeouts,
        timezone=zone,
    )


def _atol_web(fiscal: Fiscal, parts: Parts, endpoints: Endpoints, zone: ZoneInfo) -> FiscalOffice:
    key = read_key(fiscal.key_file, "$.fiscal.key_file") if fiscal.key_file else ":"
    user, _, password = key.partition(":")
    return AtolWebRegistrar(
        url=(endpoints.fiscal_url if fiscal.simulated else None) or fiscal.url,
        order_tag=OrderTag(fiscal.order_tag),
        timeouts=parts.atol_web_timeouts,
        timezone=zone,
        user=user,
        password=password,
    )


_VENDORS: Mapping[str, Vendor] = MappingProxyType({"shtrih": _shtrih, "atol": _atol, "atol-web": _atol_web})


def built(registrars: Sequence[Fiscal], parts: Parts, endpoints: Endpoints, zone: ZoneInfo) -> dict[str, FiscalOffice]:
    """One driver each, by name."""
    return {row.name: _VENDORS[row.driver](row, parts, endpoints, zone) for row in registrars}


def carriers(registrars: Mapping[str, FiscalOffice]) -> dict[str, DocumentCarrier]:
    """Those that tell of the way of their documents, and let them be carried."""
    return {name: office.ofd for name, office in registrars.items() if isinstance(office, ShtrihRegistrar)}
