"""What a kitchen without its restaurant needs to look after its food."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from kiosk.catalogue import load_notices
from kiosk.clock import Clock
from kiosk.domain.kitchen.holding import HoldingRules
from kiosk.domain.kitchen.lots import LotRules
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.text import Text
from kiosk.flows.guards.clock import ClockGuard
from kiosk.kitchen.care import FoodCare
from kiosk.kitchen.cell_temperatures import CellTemperatures
from kiosk.kitchen.climate import Climate
from kiosk.kitchen.holding import Holding
from kiosk.kitchen.lots import LotKeeper
from kiosk.kitchen.upkeep import UpkeepKeeper
from kiosk.messages.notices import NoticeBook
from kiosk.store.database import Database


def care_of(database: Database, kitchen: Kitchen, clock: Clock, menu: CurrentMenu) -> FoodCare:
    """By the usual rules; nobody sends what it writes."""
    book = NoticeBook(load_notices(None), Text("Огонёк", "Ogonyok"), clock)
    guard = ClockGuard(database, clock)
    holding = Holding(database, kitchen, book, clock, HoldingRules(), see_clock=guard.look, wake=lambda: None)
    zone = ZoneInfo("Europe/Moscow")
    climate = Climate(database, menu, kitchen, Readiness(()), clock, zone=zone, see_clock=guard.look)
    lots = LotKeeper(database, menu, kitchen, Readiness(()), clock, LotRules(), see_clock=guard.look)
    upkeep = UpkeepKeeper(database, menu.now.equipment, kitchen, Readiness(()), clock)
    return FoodCare(holding, climate, lots, CellTemperatures(database, kitchen, clock), upkeep)
