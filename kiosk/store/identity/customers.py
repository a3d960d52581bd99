"""Customers by phone and the one-time codes that confirm a number."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.store.transaction import Reader, Tx


class CustomerRow(msgspec.Struct, frozen=True):
    customer_id: str
    phone: str
    language: str
    created_at: datetime
    confirmed_at: datetime | None
    push_address: str | None
    blocked_at: datetime | None
    blocked_reason: str | None


_CUSTOMER = "customer_id, phone, language, created_at, confirmed_at, push_address, blocked_at, blocked_reason"
_WHO = f"SELECT {_CUSTOMER} FROM customer WHERE"


def by_phone(reader: Reader, phone: str) -> CustomerRow | None:
    """`phone` in E.164 (`+79161234567`); None where nobody has that number."""
    return reader.one(CustomerRow, f"{_WHO} phone = ?", (phone,))


def read(reader: Reader, customer_id: str) -> CustomerRow | None:
    """None where the account was erased, or never was."""
    return reader.one(CustomerRow, f"{_WHO} customer_id = ? AND erased_at IS NULL", (customer_id,))


def read_newest(reader: Reader, most: int) -> list[CustomerRow]:
    """Those who are not erased, the newest first."""
    sql = f"{_WHO} erased_at IS NULL ORDER BY created_at DESC LIMIT ?"
    return reader.all(CustomerRow, sql, (most,))


def add(
    tx: Tx, customer_id: str, phone: str, language: str, consent: str | None, terminal_id: str, now: datetime
) -> None:
    """Autoregistration (seed 2.1); the account stays unconfirmed until its code comes back."""
    tx.insert("customer", customer_id=customer_id, phone=phone, language=language, created_at=rfc3339(now))
    if consent:
        add_consent(tx, customer_id, consent, terminal_id, now)


def add_consent(tx: Tx, customer_id: str, version: str, terminal_id: str, now: datetime) -> None:
    """The customer agreed to this version of the text; whoever asks for codes again and again agrees each time."""
    tx.execute(
        "INSERT OR REPLACE INTO consent (customer_id, at, version, terminal_id) VALUES (?, ?, ?, ?)",
        (customer_id, rfc3339(now), version, terminal_id),
    )


class ConsentRow(msgspec.Struct, frozen=True):
    version: str
    at: datetime
    terminal_id: str


def read_consents(reader: Reader, customer_id: str) -> list[ConsentRow]:
    """The latest first."""
    sql = "SELECT version, at, terminal_id FROM consent WHERE customer_id = ? ORDER BY at DESC"
    return reader.all(ConsentRow, sql, (customer_id,))


def block(tx: Tx, customer: CustomerRow, reason: str, now: datetime) -> None:
    """Nobody signs in by this number any more; codes on their way are over."""
    tx.execute(
        "UPDATE customer SET blocked_at = ?, blocked_reason = ? WHERE customer_id = ?",
        (rfc3339(now), reason, customer.customer_id),
    )
    tx.execute(
        "UPDATE one_time_code SET used_at = ?, code = NULL WHERE phone = ? AND used_at IS NULL",
        (rfc3339(now), customer.phone),
    )


def unblock(tx: Tx, customer_id: str) -> None:
    tx.execute("UPDATE customer SET blocked_at = NULL, blocked_reason = NULL WHERE customer_id = ?", (customer_id,))


def confirm(tx: Tx, customer_id: str, now: datetime) -> None:
    """The first code came back: the account is confirmed from now on. Later calls change nothing."""
    tx.execute(
        "UPDATE customer SET confirmed_at = ? WHERE customer_id = ? AND confirmed_at IS NULL",
        (rfc3339(now), customer_id),
    )


def set_push(tx: Tx, customer_id: str, address: str) -> None:
    """Where push messages go; an empty address ends them."""
    tx.execute("UPDATE customer SET push_address = ? WHERE customer_id = ?", (address or None, customer_id))


def set_language(tx: Tx, customer_id: str, language: str) -> None:
    """In which language messages are written to this customer: `ru` or `en`."""
    tx.execute("UPDATE customer SET language = ? WHERE customer_id = ?", (language, customer_id))


# One-time codes.


class CodeRow(msgspec.Struct, frozen=True):
    code_id: str
    phone: str
    salt: bytes
    hash: bytes
    attempts_left: int
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


_CODE = "code_id, phone, salt, hash, attempts_left, created_at, expires_at, used_at"


def add_code(  # noqa: PLR0913  # each by its keyword
    tx: Tx,
    *,
    code_id: str,
    phone: str,
    code: str,
    salt: bytes,
    digest: bytes,
    attempts: int,
    language: str,
    place: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    """`code` itself is kept only until its SMS is taken for sending. It takes the place of one that still waits because
    its gateway could not be reached: only the newest is sent."""
    tx.execute("UPDATE one_time_code SET code = NULL WHERE phone = ? AND not_sent_at IS NOT NULL", (phone,))
    tx.insert(
        "one_time_code",
        code_id=code_id,
        phone=phone,
        code=code,
        salt=salt,
        hash=digest,
        attempts_left=attempts,
        language=language,
        place=place,
        created_at=rfc3339(now),
        expires_at=rfc3339(expires_at),
    )


def find_code(reader: Reader, code_id: str) -> CodeRow | None:
    """Of any state: used, expired, without tries."""
    return reader.one(CodeRow, f"SELECT {_CODE} FROM one_time_code WHERE code_id = ?", (code_id,))


def last_code(reader: Reader, phone: str) -> CodeRow | None:
    """The newest code of a phone number, whatever became of it."""
    return reader.one(
        CodeRow,
        f"SELECT {_CODE} FROM one_time_code WHERE phone = ? ORDER BY created_at DESC, code_id LIMIT 1",
        (phone,),
    )


def spend_attempt(tx: Tx, code_id: str) -> int | None:
    """Take one try before the comparison, so that guesses in parallel cannot share it; tries left, None if none was."""
    left: int | None = tx.scalar(
        "UPDATE one_time_code SET attempts_left = attempts_left - 1 WHERE code_id = ? AND attempts_left > 0"
        " RETURNING attempts_left",
        (code_id,),
    )
    return left


def tries_left(reader: Reader, code_id: str, place: str, most: int, most_of_all: int) -> int:
    """Tries without the temporary token that a place still has: `most` of its own, `most_of_all` with all others."""
    sql = "SELECT ifnull(sum(tries), 0) FROM one_time_code_try WHERE code_id = ? AND ifnull(place = ?, 1)"
    own, together = (int(reader.scalar(sql, (code_id, of)) or 0) for of in (place, None))
    return max(0, min(most - own, most_of_all - together))


def count_try(tx: Tx, code_id: str, place: str) -> None:
    """One try without the temporary token, by the place (terminal or address) that made it."""
    tx.execute(
        "INSERT INTO one_time_code_try (code_id, place, tries) VALUES (?, ?, 1)"
        " ON CONFLICT (code_id, place) DO UPDATE SET tries = tries + 1",
        (code_id, place),
    )


def use_code(tx: Tx, code_id: str, phone: str, now: datetime) -> bool:
    """Once only, and with it the phone's others are over."""
    used = tx.execute(
        "UPDATE one_time_code SET used_at = ? WHERE code_id = ? AND used_at IS NULL", (rfc3339(now), code_id)
    )
    if used.rowcount:
        tx.execute(
            "UPDATE one_time_code SET used_at = ?, code = NULL WHERE phone = ? AND used_at IS NULL",
            (rfc3339(now), phone),
        )
    return used.rowcount > 0


_OTHERS = "place NOT LIKE '127.%' AND place <> '::1' AND"  # as `domain.address.is_loopback` says


def code_before(
    reader: Reader,
    since: datetime,
    nth: int,
    *,
    phone: str = "",
    place: str = "",
    others: bool = False,
    unsent: bool = False,
) -> datetime | None:
    """When the `nth` newest code since then was made, of a phone, of a place, of all other machines (`others`), or of
    the whole site; None where there are fewer. Those that certainly were not sent are left out, or counted too where
    `unsent`."""
    owner = "phone = :phone AND" if phone else "place = :place AND" if place else _OTHERS if others else ""
    found = reader.scalar(
        f"SELECT created_at FROM one_time_code WHERE {owner} created_at > :since AND (:unsent OR not_sent_at IS NULL)"
        " ORDER BY created_at DESC LIMIT 1 OFFSET :skipped",
        {"phone": phone, "place": place, "since": rfc3339(since), "unsent": unsent, "skipped": nth - 1},
    )
    return None if found is None else datetime.fromisoformat(found)


class CodeToSend(msgspec.Struct, frozen=True):
    code_id: str
    phone: str
    code: str
    language: str


def take_code_to_send(tx: Tx, now: datetime, failed_before: datetime) -> CodeToSend | None:
    """At most once: the code is erased here, before it goes out; what has expired is erased too. One whose last try
    failed waits until `failed_before` has passed that try."""
    tx.execute("UPDATE one_time_code SET code = NULL WHERE code IS NOT NULL AND expires_at <= ?", (rfc3339(now),))
    row = tx.one(
        CodeToSend,
        "SELECT code_id, phone, code, language FROM one_time_code"
        " WHERE code IS NOT NULL AND (not_sent_at IS NULL OR not_sent_at <= ?) ORDER BY created_at LIMIT 1",
        (rfc3339(failed_before),),
    )
    if row is not None:
        tx.execute(
            "UPDATE one_time_code SET code = NULL, sending_at = ?, not_sent_at = NULL WHERE code_id = ?",
            (rfc3339(now), row.code_id),
        )
    return row


def mark_not_sent(tx: Tx, code: CodeToSend, now: datetime, *, again: bool) -> None:
    """Its SMS certainly reached nobody; `again`: it waits for another try, unless a newer one was asked for."""
    tx.execute(
        "UPDATE one_time_code SET not_sent_at = :now, code = CASE WHEN :again AND NOT EXISTS (SELECT 1 FROM"
        " one_time_code AS newer WHERE newer.phone = :phone AND newer.created_at > one_time_code.created_at)"
        " AND used_at IS NULL AND phone <> '' THEN :code END WHERE code_id = :code_id",
        {"now": rfc3339(now), "again": again, "phone": code.phone, "code": code.code, "code_id": code.code_id},
    )


def count_codes_waiting(reader: Reader) -> int:
    """Codes whose SMS is not out yet."""
    return int(reader.scalar("SELECT count(*) FROM one_time_code WHERE code IS NOT NULL"))
