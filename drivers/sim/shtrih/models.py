"""Models that the simulated registrar can be: what they say of themselves and how they number their settings tables.

The tail of F7h is that of the vendor's test vectors: `ШТРИХ-НАНО-Ф` has desktop numbers, a mobile model others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from drivers.fiscal.shtrih.answers import Capabilities, Model
from drivers.sim.refusal import Refusal
from drivers.sim.shtrih.columns import Table
from drivers.sim.shtrih.tables import DRIVE, EMBEDDED, FFD, OFD, REGIONAL, TABLES

NO_SUCH_TABLE = 0x5D
_NEAR_END, _PAPER_SENSOR, _COVER_SENSOR, _CUTTER = 1 << 1, 1 << 3, 1 << 4, 1 << 13
_INN_ZEROS, _NUMBER_ZEROS, _PROTOCOL_2, _ERROR_TEXTS, _GRAPHICS_FLAGS = 1 << 24, 1 << 25, 1 << 28, 1 << 36, 1 << 37
_SCALED, _GRAPHICS_512, _FISCAL_DRIVE, _OFD_BY_HOST = 1 << 41, 1 << 42, 1 << 43, 1 << 44
_DESKTOP_BITS = (
    _NEAR_END | _PAPER_SENSOR | _COVER_SENSOR | _CUTTER | _INN_ZEROS | _NUMBER_ZEROS | _PROTOCOL_2 | _ERROR_TEXTS
) | (_GRAPHICS_FLAGS | _SCALED | _GRAPHICS_512 | _FISCAL_DRIVE | _OFD_BY_HOST)
_NANO_BITS = int.from_bytes(bytes.fromhex("08 00 40 13 20 EC 01 00"), "little")
_MOBILE_BITS = int.from_bytes(bytes.fromhex("08 00 C0 F7 3F 08 00 00"), "little")
# Widths of two fonts, the first line of graphics, digits of numbers; two passwords.
_DESKTOP_HEAD = bytes.fromhex("0C 18 01 0C 10 00 00  00000000 1E000000")
_MOBILE_HEAD = bytes.fromhex("00 00 01 0C 0A 00 00  00000000 1E000000")
_DESKTOP_MIDDLE = bytes.fromhex("00 0E FF00 40 40 B603")  # Bluetooth, the field of taxes, lengths and sizes of graphics
_MOBILE_MIDDLE = bytes.fromhex("00 06 FF00 28 00 0000")
_DESKTOP_TAIL = bytes((DRIVE, OFD, EMBEDDED, REGIONAL, FFD))
_MOBILE_FFD = (10, 29)
_MOBILE_TABLES: Mapping[int, int] = MappingProxyType({13: DRIVE, 14: OFD, 16: EMBEDDED})
_MOBILE_SETTINGS = Table("Региональные настройки", 1, TABLES[REGIONAL].fields[:40])
_COMMON = range(1, 10)  # tables that every model has under the same number


@dataclass(frozen=True, slots=True)
class RegisterModel:
    """`capabilities`: None where F7h is unknown. `renumbered`: tables with another number than in `TABLES`;
    then those that are not common have no number but these."""

    model: Model
    capabilities: Capabilities | None
    ffd_place: tuple[int, int] = (REGIONAL, FFD)
    renumbered: Mapping[int, int] = field(default_factory=dict)

    def table(self, asked: int) -> Table:
        """As the host counts."""
        if self.renumbered and asked == self.ffd_place[0]:
            return _MOBILE_SETTINGS
        known = TABLES.get(self._own(asked))
        if known is None:
            raise Refusal(NO_SUCH_TABLE)
        return known

    def place(self, asked: int, column: int) -> tuple[int, int]:
        """Where it lies in our own count; the mobile model's other regional settings are the desktop's."""
        if (asked, column) == self.ffd_place:
            return REGIONAL, FFD
        return (REGIONAL, column) if self.renumbered and asked == self.ffd_place[0] else (self._own(asked), column)

    def _own(self, asked: int) -> int:
        if not self.renumbered or asked in _COMMON:
            return asked
        return self.renumbered.get(asked, 0)


def _named(code: int, name: str) -> Model:
    return Model(kind=0, subkind=0, protocol=2, subprotocol=0, model=code, language=0, name=name)


_MOBILE_TOLD = Capabilities(_MOBILE_BITS, _MOBILE_HEAD + _MOBILE_MIDDLE + bytes((13, 14, 16, *_MOBILE_FFD)))

MODELS: Mapping[str, RegisterModel] = MappingProxyType(
    {
        "m-01f": RegisterModel(
            _named(250, "ШТРИХ-М-01Ф"), Capabilities(_DESKTOP_BITS, _DESKTOP_HEAD + _DESKTOP_MIDDLE + _DESKTOP_TAIL)
        ),
        "nano-f": RegisterModel(
            _named(152, "ШТРИХ-НАНО-Ф"), Capabilities(_NANO_BITS, _DESKTOP_HEAD + _DESKTOP_MIDDLE + _DESKTOP_TAIL)
        ),
        "mobile-f": RegisterModel(_named(19, "ШТРИХ-MOBILE-ПТК"), _MOBILE_TOLD, _MOBILE_FFD, _MOBILE_TABLES),
        # An older firmware of the same: its tail ends before the numbers, so its model must be known.
        "mobile-f-old": RegisterModel(
            _named(16, "ШТРИХ-MOBILE-Ф"),
            Capabilities(_MOBILE_BITS, _MOBILE_HEAD + _MOBILE_MIDDLE),
            _MOBILE_FFD,
            MappingProxyType({18: DRIVE, 19: OFD, 20: EMBEDDED}),
        ),
        "fr-k-old": RegisterModel(_named(4, "ШТРИХ-ФР-К"), None),
    }
)
