"""The only room that knows everyone: drivers, flows, sinks and listeners are put together here.

2026-11-22: the plan had one file for it; with six devices, fifteen flows and two listeners it had grown past reading,
so the devices, the doors, the rules and a test's own parts have files beside the process.
"""

from kiosk.wiring.devices import examine
from kiosk.wiring.finding import find
from kiosk.wiring.parts import Parts
from kiosk.wiring.preconditions import prepared
from kiosk.wiring.private_files import exposed
from kiosk.wiring.process import Kiosk, run
from kiosk.wiring.restoring import restore

__all__ = ["Kiosk", "Parts", "examine", "exposed", "find", "prepared", "restore", "run"]
