"""The only room that knows everyone: drivers, flows, sinks and listeners are put together here.

`kiosk.wiring.finding` is loaded by whoever looks for registers: it needs every vendor's driver.
"""

from kiosk.wiring.devices import examine
from kiosk.wiring.menu.sold import sold_menu
from kiosk.wiring.parts import Parts
from kiosk.wiring.preconditions import prepared
from kiosk.wiring.private_files import exposed
from kiosk.wiring.process import Kiosk, run
from kiosk.wiring.restoring import missing_pictures, restore
from kiosk.wiring.standby import remark as standby_remark

__all__ = [
    "Kiosk",
    "Parts",
    "examine",
    "exposed",
    "missing_pictures",
    "prepared",
    "restore",
    "run",
    "sold_menu",
    "standby_remark",
]
