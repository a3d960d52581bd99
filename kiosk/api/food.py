"""What the house keeps of the safety of its food, for staff."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.api.calls import BareCall
from kiosk.api.http.parameters import OF_DAY
from kiosk.flows.staff.temperatures import Temperatures, TemperaturesView


@dataclass(frozen=True, slots=True, kw_only=True)
class FoodApi:
    temperatures: Temperatures

    async def show_temperatures(self, call: BareCall[str]) -> TemperaturesView:
        return await self.temperatures.of_day(call.read(OF_DAY))
