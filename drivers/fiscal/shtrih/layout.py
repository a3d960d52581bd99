"""Where a Shtrih-M model keeps its settings: by F7h, else known by its model (shtrih.md#settings)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, TypeVar

from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.answers import Capabilities
from drivers.fiscal.shtrih.commands import Request
from drivers.fiscal.shtrih.session import ShtrihRefused, ShtrihSession

Place = tuple[int, int]  # a table and its field
_A = TypeVar("_A")

_DRIVE, _OFD, _TAXES_BY_HOST = 18, 19, 14
_NETWORK = 21  # of desktop models; where documents of the operator's are settled elsewhere, it is something else
_FFD_PLACES: tuple[Place, ...] = ((17, 17), (10, 4))  # desktop models, then mobile ones
_MOBILE_FFD: tuple[Place, ...] = ((10, 29), (10, 38))
_FFD_BY_MODEL: Mapping[int, tuple[Place, ...]] = MappingProxyType(dict.fromkeys((16, 20, 21, 45, 46), _MOBILE_FFD))


@dataclass(frozen=True, slots=True)
class Layout:
    """`ffd_places`: where the format of documents may be set, the likeliest first. `network_table`: None where the
    model has none that we know."""

    model: int | None = None
    near_end: bool = False
    drive_table: int = _DRIVE
    ofd_table: int = _OFD
    network_table: int | None = _NETWORK
    taxes_by_host_field: int = _TAXES_BY_HOST  # of table 1
    ffd_places: tuple[Place, ...] = _FFD_PLACES


def layout_of(told: Capabilities | None, model: int | None) -> Layout:
    """A number that the register does not report, or tells as 0, is the usual one of its model."""
    places = _FFD_BY_MODEL.get(model, ()) if model is not None else ()
    if told is None:
        return Layout(model, ffd_places=(*places, *_FFD_PLACES))
    first = () if told.ffd_place is None else (told.ffd_place,)
    ofd = told.ofd_table or _OFD
    return Layout(
        model=model,
        near_end=told.near_end,
        drive_table=told.drive_table or _DRIVE,
        ofd_table=ofd,
        network_table=_NETWORK if ofd == _OFD else None,
        taxes_by_host_field=told.taxes_by_host_field or _TAXES_BY_HOST,
        ffd_places=tuple(dict.fromkeys((*first, *places, *_FFD_PLACES))),
    )


class Asking(Protocol):
    async def __call__(self, request: Request[_A], /) -> _A: ...


class Layouts:
    """Asked once for each opening of the line: another opening may reach another register."""

    def __init__(self, session: ShtrihSession) -> None:
        self._session = session
        self._known: tuple[int, Layout] | None = None

    async def layout(self, ask: Asking) -> Layout:
        """`ask`: how the caller asks one question, with or without the lock of the line. Raises `DeviceUnreachable`; a
        register that knows neither question has the usual layout."""
        if self._known is None or self._known[0] != self._session.openings:
            told = await _answer(ask, commands.capabilities())
            opening = self._session.openings  # a line lost from here on makes the answers void
            model = await _answer(ask, commands.model())
            self._known = (opening, layout_of(told, None if model is None else model.model))
        return self._known[1]


async def _answer(ask: Asking, request: Request[_A]) -> _A | None:
    try:
        return await ask(request)
    except ShtrihRefused:
        return None
