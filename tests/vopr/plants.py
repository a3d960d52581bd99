"""Bugs that the days must find: those of `tests.crash.planted` and `planted_cells`, and two of the ground that the
product stands on.

Not among them: a code that is kept until its SMS is sent (`code_kept`). Sent again it has the same client_id, and the
gateway takes it once; `tests.crash.test_between_effects` counts its requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kiosk.store.file import opening
from kiosk.wiring import Parts
from tests.crash import planted, planted_cells


@dataclass(frozen=True)
class Plant:
    """`variant`: the product with the bug; `synchronous`: SQLite's pragma; `keeps_flushes`: an honest disk."""

    variant: Callable[[], Parts] | None = None
    synchronous: int = 2
    keeps_flushes: bool = True

    def prepare(self) -> None:
        opening.PRAGMAS["synchronous"] = self.synchronous


PLANTS: Mapping[str, Plant] = MappingProxyType(
    {
        **{
            variant.__name__: Plant(variant)
            for variant in (
                planted.no_fd_before, planted.no_bank_inquiry, planted.new_key_while_unknown, planted.split_commit,
                planted.cursor_before_delivery, planted.fresh_client_id, planted.counted_apart,
                planted.fresh_refund_key, planted.given_back_unasked,
                planted.new_operation_after_restart, planted.capture_forgotten, planted.sale_repeated_unasked,
                planted.refund_repeated_without_asking, planted.new_order_after_restart,
                planted.return_receipt_forgotten, planted.returned_while_waiting, planted.tender_forgotten,
                planted.cursor_before_record, planted.fresh_push_id,
                planted_cells.stranger_let_in, planted_cells.freed_with_food_in_it,
            )
        },
        "synchronous_normal": Plant(synchronous=1),
        "lost_flushes": Plant(keeps_flushes=False),
    }
)  # fmt: skip
