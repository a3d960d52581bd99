"""What of a person goes by its age: addresses of receipts, and accounts by which nothing is ordered any more."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from kiosk.domain.ordering.order import OrderStatus
from kiosk.domain.payment.payment import PaymentStep
from kiosk.domain.staff.retention import Keep
from kiosk.store.file.opening import open_writer
from kiosk.store.identity import customers
from kiosk.store.keep import personal
from kiosk.store.keep.erasures import Erasures
from kiosk.store.keep.retention import Rule, Term
from kiosk.store.ordering import orders
from kiosk.store.payment import bonuses, payments
from kiosk.store.transaction import Tx
from tests.clocks import START
from tests.store.rows import open_shop, order, order_line, payment

KEEP = Keep()
CONTACT = "guest@example.com"


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    with closing(open_writer(tmp_path / "kiosk.db")) as connection:
        found = Tx(connection)
        open_shop(found)
        yield found


def ordered(
    tx: Tx,
    order_id: str,
    days: float,
    *,
    customer_id: str | None = None,
    status: OrderStatus = OrderStatus.COMPLETED,
    step: PaymentStep = PaymentStep.DONE,
) -> None:
    at = START - timedelta(days=days)
    row = msgspec.structs.replace(order(order_id), customer_id=customer_id, created_at=at, status=status)
    orders.add(tx, row, [order_line()])
    paid = msgspec.structs.replace(payment(order_id, step=step), receipt_to=CONTACT, created_at=at)
    payments.add(tx, paid)


def account(tx: Tx, name: str, days: float) -> None:
    at = START - timedelta(days=days)
    customers.add(tx, name, f"+7{name}", "ru", None, "kiosk-1", at)
    customers.confirm(tx, name, at)


def forget(tx: Tx, rule: Rule, days: float = 0, rows: int = 2) -> int:
    """To its end, so many days later."""
    gone, more = 0, True
    while more:
        step = rule(tx, Term(START + timedelta(days=days), KEEP, (), (), rows))
        gone, more = gone + step.gone, step.more
    return gone


def contacts(tx: Tx) -> set[str]:
    rows = tx.execute("SELECT order_id FROM payment WHERE receipt_to IS NOT NULL")
    return {row[0] for row in rows}


def test_where_a_receipt_went_to_is_forgotten_after_its_days_and_not_while_anything_is_open(tx: Tx) -> None:
    edge = KEEP.contacts_days
    for n in range(5):
        ordered(tx, f"OLD{n}", edge + 0.1 + n)
    ordered(tx, "YOUNG", edge - 0.1)
    ordered(tx, "COOKED", edge + 9, status=OrderStatus.COOKING)
    ordered(tx, "ASKED", edge + 9, step=PaymentStep.ABANDONED)
    assert forget(tx, personal.RULES["contacts"]) == 5
    assert contacts(tx) == {"YOUNG", "COOKED", "ASKED"}
    assert forget(tx, personal.RULES["contacts"], days=1) == 1


def test_an_account_by_which_nothing_is_ordered_is_erased_with_its_points_and_others_stay(tx: Tx) -> None:
    edge = KEEP.customers_days
    for n in range(5):
        account(tx, f"idle{n}", edge + 0.1 + n)
        ordered(tx, f"IDLE{n}", edge + 0.05, customer_id=f"idle{n}")
        bonuses.enter(tx, f"idle{n}", "accrual", 10, f"IDLE{n}", f"IDLE{n}", START)
    account(tx, "new", edge - 0.1)
    account(tx, "guest", edge + 500)
    ordered(tx, "LATELY", 1, customer_id="guest")
    account(tx, "waits", edge + 500)
    ordered(tx, "WAITS", edge + 400, customer_id="waits", status=OrderStatus.READY)
    bonuses.enter(tx, "guest", "accrual", 7, "LATELY", "LATELY", START)
    assert forget(tx, personal.RULES["customers"]) == 5
    kept = {row.customer_id for row in customers.read_newest(tx, 99)}
    assert kept == {"new", "guest", "waits"}
    assert bonuses.read_outstanding(tx) == 7
    assert customers.by_phone(tx, "+7idle0") is None
    assert {who.contact for who in personal.read_all(tx)} == {"+7new", "+7guest", "+7waits", CONTACT}


def test_a_blocked_account_stays_for_its_block_would_go_with_it(tx: Tx) -> None:
    account(tx, "blocked", KEEP.customers_days + 9)
    row = customers.read(tx, "blocked")
    assert row is not None
    customers.block(tx, row, "fraud", START)
    assert forget(tx, personal.RULES["customers"]) == 0


@pytest.mark.parametrize("end", ["erased", "blocked"])
def test_a_code_on_its_way_does_not_come_back_after_the_end(tx: Tx, end: str) -> None:
    account(tx, "9161234567", 1)
    row = customers.read(tx, "9161234567")
    assert row is not None
    customers.add_code(tx, code_id="k", phone=row.phone, code="123456", salt=b"", digest=b"", attempts=3,
                       language="ru", place="", now=START, expires_at=START + timedelta(minutes=5))  # fmt: skip
    sending = customers.take_code_to_send(tx, START, START)
    assert sending is not None
    if end == "erased":
        personal.erase(tx, personal.Who(row.phone, row.customer_id), START)
    else:
        customers.block(tx, row, "fraud", START)
    customers.mark_not_sent(tx, sending, START, again=True)
    assert customers.take_code_to_send(tx, START + timedelta(seconds=9), START + timedelta(seconds=9)) is None


def test_accounts_are_gone_through_once_a_day_and_again_on_the_next(tx: Tx) -> None:
    account(tx, "first", KEEP.customers_days + 1)
    rule = personal.RULES["customers"]
    assert forget(tx, rule) == 1
    account(tx, "second", KEEP.customers_days + 2)
    assert forget(tx, rule) == 0
    assert forget(tx, rule, days=1) == 1


def test_what_is_erased_is_known_by_each_key_and_says_nothing_without_one(tmp_path: Path) -> None:
    path, old, new = tmp_path / "kiosk.db", b"1" * 32, b"2" * 32
    later = START + timedelta(days=1)
    Erasures(path, [old]).remember(CONTACT, START)
    rotated = Erasures(path, [new, old])
    rotated.remember("+79161234567", START)
    rotated.remember("+79161234567", later)
    assert rotated.known([CONTACT.upper(), "+79161234567", "+7000"]) == {CONTACT.upper(): START, "+79161234567": later}
    assert Erasures(path, [b"3" * 32]).known([CONTACT, "+79161234567"]) == {}
    assert CONTACT not in (tmp_path / "kiosk.erased").read_text()
    assert (tmp_path / "kiosk.erased").stat().st_mode & 0o777 == 0o600


def test_a_line_that_the_power_cut_short_is_nobodys_and_hides_nobody(tmp_path: Path) -> None:
    erasures = Erasures(tmp_path / "kiosk.db", [b"1" * 32])
    erasures.remember(CONTACT, START)
    file = tmp_path / "kiosk.erased"
    file.write_text(file.read_text() + "0a1b")
    erasures.remember("+79161234567", START)
    assert erasures.known([CONTACT, "+79161234567"]).keys() == {CONTACT, "+79161234567"}


def test_a_number_is_found_wherever_it_stands_in_a_file_and_in_no_other_file(tmp_path: Path) -> None:
    erasures, number = Erasures(tmp_path / "kiosk.db", [b"1" * 32]), b"79161234567"
    (tmp_path / "kiosk.db").write_bytes(bytes((1 << 20) - 5) + number)  # across two pieces that are read
    (tmp_path / "kiosk-2025.db").write_bytes(b"7916123456")
    (tmp_path / "kiosk.db.before").write_bytes(number + bytes(9))
    (tmp_path / "other.db").write_bytes(number)
    assert erasures.still_in("+79161234567") == ["kiosk.db", "kiosk.db.before"]


def test_a_full_disk_leaves_the_file_as_it_is_for_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.db"
    with closing(open_writer(path)) as connection:
        personal.write_anew(Tx(connection))
        connection.execute("CREATE TABLE room (a)")
        connection.execute("INSERT INTO room VALUES (zeroblob(1000000))")
        connection.execute("DROP TABLE room")
    before = path.stat().st_size
    with closing(sqlite3.connect(path)) as holds:
        holds.execute("BEGIN")
        holds.execute("SELECT count(*) FROM orders").fetchone()
        said: list[str] = []
        with closing(open_writer(path, said.append)) as connection:
            again = connection.execute("SELECT 1 FROM meta WHERE key = 'write_anew'").fetchone()
    assert said
    with closing(open_writer(path)):
        pass
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT 1 FROM meta WHERE key = 'write_anew'").fetchone() is None
    assert path.stat().st_size < before, again
