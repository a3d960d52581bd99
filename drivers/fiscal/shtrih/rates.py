"""Which VAT rates a Shtrih-M register can put on a line, by its table 6 (shtrih.md#rates)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from drivers.errors import DeviceRefused
from drivers.fiscal.port import DEVICE, Vat
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.errors import DOUBTFUL
from drivers.fiscal.shtrih.layout import Layouts
from drivers.fiscal.shtrih.session import ShtrihRefused, ShtrihSession

# FF46 and FF4A take one byte: bits of what stood there first, numbers of rows for what came later (seen: 7/107 is 88h,
# 22 % and 22/122 are rows 11 and 12; the first row stays 20 %).
_ALWAYS: Mapping[Vat, int] = MappingProxyType(
    {Vat.VAT_10: 0x02, Vat.VAT_0: 0x04, Vat.NONE: 0x08, Vat.VAT_10_110: 0x20},
)
_SINCE_2025: Mapping[Vat, int] = MappingProxyType(
    {Vat.VAT_5: 0x81, Vat.VAT_7: 0x82, Vat.VAT_5_105: 0x84, Vat.VAT_7_107: 0x88}
)
# Which rate "basic" is, the first row says, in hundredths of a per cent.
_BASIC: Mapping[int, tuple[Vat, Vat]] = MappingProxyType(
    {2000: (Vat.VAT_20, Vat.VAT_20_120), 2200: (Vat.VAT_22, Vat.VAT_22_122)}
)
_BASIC_CODE, _BASIC_INSIDE_CODE = 0x01, 0x10
_SMALL_MODEL = 152  # НАНО-Ф codes the rates of 2026 by bits
_SMALL_MODELS: Mapping[Vat, int] = MappingProxyType({Vat.VAT_22: 0x90, Vat.VAT_22_122: 0xA0})
_FREE_GROUPS, _GROUP_CODE, _LAST_GROUP = 11, 0xC0, 63
_TABLE, _RATE = 6, 1
_ROWS_OF_2025 = 10


class Rates:
    """Read once for each opening of the line: another opening may reach another register."""

    def __init__(self, session: ShtrihSession, layouts: Layouts) -> None:
        self._session = session
        self._layouts = layouts
        self._known: tuple[int, Mapping[Vat, int]] | None = None

    async def codes(self) -> Mapping[Vat, int]:
        if self._known is None or self._known[0] != self._session.openings:
            codes = MappingProxyType(await self._read())
            self._known = (self._session.openings, codes)
        return self._known[1]

    async def of(self, vats: Iterable[Vat]) -> Mapping[Vat, int]:
        """The codes of these rates. Raises `DeviceRefused` for one the register cannot print."""
        wanted = set(vats)
        codes = _ALWAYS if wanted <= _ALWAYS.keys() else await self.codes()
        unknown = sorted(vat.value for vat in wanted - codes.keys())
        if unknown:
            raise DeviceRefused(DEVICE, "vat_unsupported", f"{unknown[0]} is not in table {_TABLE}")
        return codes

    async def _read(self) -> dict[Vat, int]:
        codes = dict(_ALWAYS)
        try:
            rows = (await self._session.ask(commands.table_shape(_TABLE))).rows
        except ShtrihRefused as error:  # a cashier's password sees no tables
            if error.number in DOUBTFUL:
                raise
            return codes
        if rows >= _ROWS_OF_2025:
            codes |= _SINCE_2025
        if (basic := _BASIC.get(await self._rate(1))) is not None:
            codes |= dict(zip(basic, (_BASIC_CODE, _BASIC_INSIDE_CODE), strict=True))
        if (await self._layouts.layout(self._session.ask)).model == _SMALL_MODEL:
            codes |= _SMALL_MODELS
            return codes
        for row in range(_FREE_GROUPS, min(rows, _LAST_GROUP) + 1):
            for rate in _BASIC.get(await self._rate(row), ()):  # the first row of a rate is on top of the sum
                if codes.setdefault(rate, _GROUP_CODE + row) == _GROUP_CODE + row:
                    break
        return codes

    async def _rate(self, row: int) -> int:
        try:
            return (await self._session.ask(commands.read_table(_TABLE, row, _RATE))).number
        except ShtrihRefused as error:
            if error.number in DOUBTFUL:
                raise
            return 0
