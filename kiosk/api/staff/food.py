"""What the house keeps of the safety of its food, for staff."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.api.calls import BareCall, Call
from kiosk.api.http.parameters import LOT, LOT_ID, OF_DAY, UPKEEP_ID
from kiosk.flows.staff.cell_journal import CellJournal, CellJournalView
from kiosk.flows.staff.temperatures import Temperatures, TemperaturesView
from kiosk.flows.staff.upkeep import UpkeepCommands, UpkeepDone, UpkeepJournalView, UpkeepView
from kiosk.flows.stock.bins import BinCommands, Refill, WriteOff
from kiosk.flows.stock.lots import LotCommands, LotJournalView, LotName, LotsView, Relabel, TraceView


@dataclass(frozen=True, slots=True, kw_only=True)
class FoodApi:
    temperatures: Temperatures
    bins: BinCommands
    lots: LotCommands
    upkeep: UpkeepCommands
    cells: CellJournal

    async def show_temperatures(self, call: BareCall[str]) -> TemperaturesView:
        return await self.temperatures.of_day(call.read(OF_DAY))

    async def show_upkeep(self, _: BareCall[str]) -> UpkeepView:
        return await self.upkeep.show()

    async def show_upkeep_journal(self, call: BareCall[str]) -> UpkeepJournalView:
        return await self.upkeep.journal(call.read(OF_DAY))

    async def show_cell_journal(self, call: BareCall[str]) -> CellJournalView:
        return await self.cells.of_day(call.read(OF_DAY))

    async def upkeep_done(self, call: Call[str, UpkeepDone]) -> UpkeepView:
        return await self.upkeep.done(call.read(UPKEEP_ID), call.body, call.by)

    async def refill(self, call: Call[str, Refill]) -> None:
        await self.bins.refill(call.body, call.by)

    async def show_lots(self, _: BareCall[str]) -> LotsView:
        return await self.lots.show()

    async def write_off(self, call: Call[str, WriteOff]) -> LotsView:
        await self.bins.write_off(call.read(LOT_ID), call.body, call.by)
        return await self.lots.show()

    async def relabel(self, call: Call[str, Relabel]) -> LotsView:
        return await self.lots.relabel(call.read(LOT_ID), call.body, call.by)

    async def trace(self, call: BareCall[str]) -> TraceView:
        return await self.lots.trace(call.read(LOT))

    async def recall(self, call: Call[str, LotName]) -> TraceView:
        return await self.lots.recall(call.body, call.by)

    async def lift(self, call: Call[str, LotName]) -> TraceView:
        return await self.lots.lift(call.body, call.by)

    async def show_journal(self, call: BareCall[str]) -> LotJournalView:
        return await self.lots.journal(call.read(OF_DAY))
