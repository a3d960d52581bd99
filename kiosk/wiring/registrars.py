"""The registrar's driver as `[fiscal] driver` names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from zoneinfo import ZoneInfo

from drivers.fiscal.atol import AtolRegistrar
from drivers.fiscal.atol_web import AtolWebRegistrar
from drivers.fiscal.port import FiscalRegistrar, OrderTag
from drivers.fiscal.shtrih import ShtrihRegistrar
from drivers.sim.embedded import Endpoints
from kiosk.config import Fiscal, read_secret
from kiosk.wiring.parts import Parts

Vendor = Callable[[Fiscal, Parts, Endpoints, ZoneInfo], FiscalRegistrar]


def _shtrih(fiscal: Fiscal, parts: Parts, endpoints: Endpoints, zone: ZoneInfo) -> FiscalRegistrar:
    return ShtrihRegistrar(
        open_link=parts.open_link,
        port=endpoints.fiscal_port or fiscal.port,
        baudrate=fiscal.baudrate,
        password=fiscal.password,
        order_tag=OrderTag(fiscal.order_tag),
        timeouts=parts.fiscal_timeouts,
        timezone=zone,
    )


def _atol(fiscal: Fiscal, parts: Parts, endpoints: Endpoints, zone: ZoneInfo) -> FiscalRegistrar:
    return AtolRegistrar(
        open_link=parts.open_link,
        port=endpoints.fiscal_port or fiscal.port,
        baudrate=fiscal.baudrate,
        password=fiscal.password,
        order_tag=OrderTag(fiscal.order_tag),
        timeouts=parts.atol_timeouts,
        timezone=zone,
    )


def _atol_web(fiscal: Fiscal, parts: Parts, endpoints: Endpoints, zone: ZoneInfo) -> FiscalRegistrar:
    key = read_secret(fiscal.key_file, "$.fiscal.key_file").decode() if fiscal.key_file else ":"
    user, _, password = key.partition(":")
    return AtolWebRegistrar(
        url=endpoints.fiscal_url or fiscal.url,
        order_tag=OrderTag(fiscal.order_tag),
        timeouts=parts.atol_web_timeouts,
        timezone=zone,
        user=user,
        password=password,
    )


VENDORS: Mapping[str, Vendor] = MappingProxyType({"shtrih": _shtrih, "atol": _atol, "atol-web": _atol_web})
