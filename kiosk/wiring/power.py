"""The power supply as the configuration names it, and what is done when its battery ends."""

from __future__ import annotations

from functools import partial

from drivers.power.nut import PORT, NutUps
from drivers.sim.endpoints import Endpoints
from kiosk.config.forms import LOOPBACK, SIM, ups_place
from kiosk.config.settings import Power
from kiosk.flows.guards.power import PowerRules
from kiosk.runtime.command import run_command

_SIMULATED = "ups"
_COMMAND_S = 30.0


def supply_of(power: Power, endpoints: Endpoints) -> NutUps | None:
    """None where there is none."""
    if not power.ups:
        return None
    if power.ups == SIM:
        return NutUps(_SIMULATED, LOOPBACK[0], endpoints.ups_port)
    name, host, port = ups_place(power.ups)
    return NutUps(name, host, port or PORT)


def power_rules(power: Power) -> PowerRules:
    command = partial(run_command, power.shutdown_command, _COMMAND_S) if power.shutdown_command else None
    return PowerRules(power.shutdown_after_s, power.shutdown_percent, command)
