"""The calls of the unix socket by method and path (http.md#internal-calls): for the table of operations, which says
what they take, answer and do, and for the command `kiosk`, which starts without loading any of that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, urlencode

_WORD = re.compile(r"\{(\w+)\}")


class Address(NamedTuple):
    """Where a call is: its method and its path with `{words}`."""

    method: str
    path: str

    def named(self, words: Mapping[str, object]) -> str:
        """The path with its words filled in, each quoted; what else `words` has is not looked at."""
        return _WORD.sub(lambda found: quote(str(words[found[1]]), safe=""), self.path)

    def asked(self, query: Mapping[str, object]) -> Address:
        """The same call with a query."""
        return self._replace(path=f"{self.path}?{urlencode(query)}") if query else self


QUICK_AUTH = Address("POST", "/internal/auth/quick-auth")
CONFIRM = Address("POST", "/internal/auth/confirm")
AVAILABILITY = Address("GET", "/internal/menu/availability")
BINS = Address("GET", "/internal/robotics/ingredients")
RESERVE = Address("POST", "/internal/robotics/ingredients")
RELEASE = Address("DELETE", "/internal/robotics/ingredients/{reservation_id}")

STATUS = Address("GET", "/internal/status")
DEVICES = Address("GET", "/internal/devices")
EVENTS = Address("GET", "/internal/events")
AUDIT = Address("GET", "/internal/audit")
STATS = Address("GET", "/internal/stats")
REPORT = Address("GET", "/internal/reports/{day}")
BACKUP = Address("POST", "/internal/backup")
PAUSE = Address("POST", "/internal/sales/pause")
RESUME = Address("POST", "/internal/sales/resume")
STOP_LIST = Address("GET", "/internal/stop-list")
STOP = Address("POST", "/internal/stop-list")
STUCK = Address("GET", "/internal/stuck")
DECIDE = Address("POST", "/internal/stuck/{stuck_id}")
WEBHOOKS = Address("GET", "/internal/webhooks")
REPLAY = Address("POST", "/internal/webhooks/replay")
ENABLE = Address("POST", "/internal/webhooks/enable")

ALARMS = Address("GET", "/internal/alarms")
ACK_ALARM = Address("POST", "/internal/alarms/{alarm_id}/acknowledge")
TEST_CHANNEL = Address("POST", "/internal/alarm-channels/{channel}/test")

ORDERS = Address("GET", "/internal/orders")
ORDER = Address("GET", "/internal/orders/{order_id}")
FIND_ORDERS = Address("POST", "/internal/orders/find")
ORDER_STATUS = Address("PUT", "/internal/orders/{order_id}/status")
REFUND = Address("POST", "/internal/orders/{order_id}/refund")
REFUND_REQUESTS = Address("GET", "/internal/refund-requests")
CONFIRM_REFUND = Address("POST", "/internal/refund-requests/{request_id}/confirm")
REFUSE_REFUND = Address("POST", "/internal/refund-requests/{request_id}/refuse")
PICKUP_CODE = Address("POST", "/internal/orders/{order_id}/pickup-code")
KITCHEN = Address("GET", "/internal/kitchen")
CELLS = Address("GET", "/internal/cells")
CELL_JOURNAL = Address("GET", "/internal/cells/journal")
TEND_CELL = Address("POST", "/internal/cells/{cell}")
TILL = Address("GET", "/internal/till")
TAKE_AT_TILL = Address("POST", "/internal/till/{code}")
ANNOUNCE_AT_TILL = Address("POST", "/internal/till/{code}/receipt")
REFUSE_AT_TILL = Address("DELETE", "/internal/till/{code}")
TEMPERATURES = Address("GET", "/internal/temperatures")
UPKEEP = Address("GET", "/internal/upkeep")
UPKEEP_JOURNAL = Address("GET", "/internal/upkeep/journal")
UPKEEP_DONE = Address("POST", "/internal/upkeep/{upkeep_id}/done")
CUSTOMERS = Address("GET", "/internal/customers")
FIND_CUSTOMER = Address("POST", "/internal/customers/find")
EXPORT_CUSTOMER = Address("POST", "/internal/customers/export")
ERASE_CUSTOMER = Address("POST", "/internal/customers/erase")
BLOCK_CUSTOMER = Address("POST", "/internal/customers/block")
UNBLOCK_CUSTOMER = Address("POST", "/internal/customers/unblock")
STAFF = Address("GET", "/internal/staff")
ADD_STAFF = Address("POST", "/internal/staff")
CHANGE_STAFF = Address("POST", "/internal/staff/{person_id}")
LOTS = Address("GET", "/internal/stock/lots")
LOT_JOURNAL = Address("GET", "/internal/stock/journal")
LOT_TRACE = Address("GET", "/internal/stock/trace")
WRITE_OFF_LOT = Address("POST", "/internal/stock/lots/{lot_id}/write-off")
RELABEL_LOT = Address("POST", "/internal/stock/lots/{lot_id}/expiry")
RECALL_LOT = Address("POST", "/internal/stock/recall")
LIFT_RECALL = Address("POST", "/internal/stock/lift")
REFILL = Address("POST", "/internal/stock/refill")
ACKNOWLEDGE = Address("POST", "/internal/robot/acknowledge")

PUBLISH_MENU = Address("POST", "/internal/menu/publish")
MENU_BUNDLE = Address("GET", "/internal/menu/revisions/{revision}/bundle")
MENU_DOCUMENT = Address("GET", "/internal/menu/document")
OPEN_DRAFT = Address("POST", "/internal/menu/draft")
DRAFT = Address("GET", "/internal/menu/draft")
DISCARD_DRAFT = Address("DELETE", "/internal/menu/draft")
CHANGE_DRAFT = Address("POST", "/internal/menu/draft/changes")
UPDATE_DRAFT = Address("POST", "/internal/menu/draft/update")
PUBLISH_DRAFT = Address("POST", "/internal/menu/draft/publish")
REVISIONS = Address("GET", "/internal/menu/revisions")
REVISION = Address("GET", "/internal/menu/revisions/{revision}")
BRING_BACK = Address("POST", "/internal/menu/revisions/{revision}/publish")
ADD_PICTURE = Address("POST", "/internal/menu/pictures")

TERMINAL = Address("GET", "/internal/terminal")
SETTLE = Address("POST", "/internal/terminal/settle")

SHIFT = Address("GET", "/internal/shift")
OPEN_SHIFT = Address("POST", "/internal/shift/open")
CLOSE_SHIFT = Address("POST", "/internal/shift/close")
X_REPORT = Address("POST", "/internal/shift/report")
SHIFT_REPORT = Address("GET", "/internal/shift/reports/{shift}")
REGISTRARS = Address("GET", "/internal/fiscal")
USE_REGISTRAR = Address("POST", "/internal/fiscal/use")
REPLACE_DRIVE = Address("POST", "/internal/fiscal/replace-drive")
CORRECT = Address("POST", "/internal/fiscal/correct")
