"""Two threads that decode at the very first moment of the process: the record types are prepared before.

In a process of its own: in that of the tests somebody has prepared them already."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import msgspec

from kiosk.domain.events import OrderPaidEvent
from kiosk.runtime.preparing import prepare_types

_EVENT = (
    b'{"order_id": "1", "number": "A01", "customer_id": null, "amount_kopecks": 1, "bonus_spent": 0, "items": [],'
    b' "transaction_id": "t", "fiscal_document_number": 1, "ready_in_s": 2}'
)
_TIMES = 60
_WITHIN_S = 100.0


def _end_of_a_process_that_decodes_at_once() -> int:
    """Its exit code, or minus the signal."""
    child = os.fork()
    if child == 0:
        sys.setswitchinterval(1e-6)
        together = threading.Barrier(4)

        def decode() -> None:
            together.wait(5)
            msgspec.json.decode(_EVENT, type=OrderPaidEvent)

        prepare_types()
        threads = [threading.Thread(target=decode) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_4_types_are_prepared_before_two_threads_use_them() -> None:
    """Without it about 4 of 100 such processes end by SIGSEGV."""
    words = [sys.executable, "-m", __name__]
    done = subprocess.run(words, capture_output=True, text=True, timeout=_WITHIN_S, check=False)
    assert done.stdout.split() == ["0"] * _TIMES, done.stderr


if __name__ == "__main__":
    for _ in range(_TIMES):
        sys.stdout.write(f"{_end_of_a_process_that_decodes_at_once()}\n")
