"""What went out of messages, webhooks and records against the events."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from tests.crash.rig import World

Lines = list[dict[str, Any]]


def messages_sent(place: World) -> Lines:
    """By SMS and as push notifications: whichever way, a message goes out once."""
    return [*place.devices.ledger("sms"), *place.devices.ledger("push")]


def of_messages(place: World, sent: Lines, events: Lines) -> Iterable[str]:
    """Each message of an order whose customer or guest is to be told reached the gateway once, under its one client_id;
    a code, and an alarm's message, at most once. Two equal refunds are told in equal words: their client_ids tell them
    apart."""
    customers = {purchase.order_id for purchase in place.purchases if purchase.phone}
    guests = {purchase.order_id for purchase in place.purchases if purchase.notify}
    for_guests = {"OrderReadyEvent": "ready", "OrderRefundedEvent": "refunded"}
    kinds = {"OrderPaidEvent": "accepted", **for_guests}
    belongs = {
        f"{event['event_id']}:{kinds[event['type']]}": event["sequence"]
        for event in events
        if (event["type"] in kinds and event["order_id"] in customers)
        or (event["type"] in for_guests and event["order_id"] in guests)
    }
    spent = {p.order_id for p in place.purchases if p.points and p.phone}
    belongs |= {
        f"{event['event_id']}:points_spent": event["sequence"]
        for event in events
        if event["type"] == "OrderPaidEvent" and event["order_id"] in spent
    }
    wanted = {name for name, sequence in belongs.items() if sequence <= _books_end(place)}
    alarms = Counter(line["client_id"] for line in sent if line["to"] == place.duty)
    yield from (f"alarm {name} was sent {count} times" for name, count in alarms.items() if count > 1)
    told = customers | guests
    may_be_late = {f"{order_id}:late" for order_id in told}  # no event says it, and not everybody is
    sent = [line for line in sent if line["to"] != place.duty]
    messages = Counter(line["client_id"] for line in sent if ":" in line["client_id"])
    may_be_late |= {name for name in messages if name.split(":")[0] in told and ":forgotten:" in name}
    yield from (f"message {name} was not sent" for name in wanted - messages.keys())
    yield from (f"message {name} was sent {count} times" for name, count in messages.items() if count > 1)
    yield from (f"message {name} belongs to no event" for name in messages.keys() - belongs.keys() - may_be_late)
    texts = Counter((line["to"], line["text"]) for line in sent if ":" not in line["client_id"])
    yield from (f"«{text}» was sent {count} times" for (_, text), count in texts.items() if count > 1)


def _books_end(place: World) -> int:
    """The last event that was there when the books were read; later ones may still be on their way."""
    return int(place.events[-1]["sequence"]) if place.events else 0


def of_webhooks(place: World, lines: Lines, events: Lines) -> Iterable[str]:
    """Each event at least once, verified, with one id, in order, without a gap."""
    yield from (f"a webhook that cannot be verified: {line['broken']}" for line in lines if "broken" in line)
    ids: defaultdict[int, set[str]] = defaultdict(set)
    first_seen: list[int] = []
    for line in lines:
        sequence = line.get("sequence")
        if sequence is not None:
            if sequence not in ids:
                first_seen.append(sequence)
            elif sequence != first_seen[-1]:
                yield f"webhook {sequence} came again after {first_seen[-1]}"
            ids[sequence].add(line["id"])
    yield from (f"webhook {sequence} has {len(known)} ids" for sequence, known in ids.items() if len(known) > 1)
    wanted = [event["sequence"] for event in place.events]
    if first_seen[: len(wanted)] != wanted:
        yield f"webhooks {first_seen} against events {wanted}"
    by_id = {event["sequence"]: event["event_id"] for event in events}
    yield from (
        f"webhook {sequence} under a foreign id" for sequence in first_seen if by_id.get(sequence) not in ids[sequence]
    )


def lacking(records: Lines, events: Lines) -> Iterator[str]:
    """Events that never came to the topic."""
    kept = {line["sequence"] for line in records}
    yield from (
        f"event {event['sequence']} never came to the topic" for event in events if event["sequence"] not in kept
    )


def misplaced(records: Lines, events: Lines) -> Iterator[str]:
    """An order's events share a key, a key a partition, and there they stand in order; each event under its one id. One
    that stands there again is no fault: whoever reads drops it by the id."""
    told = {event["sequence"]: event for event in events}
    partitions: defaultdict[str, set[int]] = defaultdict(set)
    of_key: defaultdict[str, list[int]] = defaultdict(list)
    for line in records:
        sequence, key = line["sequence"], line["key"]
        event = told.get(sequence)
        if event is None or event["event_id"] != line["id"]:
            yield f"record {sequence} under a foreign id"
        elif event["order_id"] and event["order_id"] != key:
            yield f"record {sequence} of {event['order_id']} has the key {key}"
        partitions[key].add(line["partition"])
        of_key[key].append(sequence)
    yield from (f"key {key} is in {len(found)} partitions" for key, found in partitions.items() if len(found) > 1)
    for key, sequences in of_key.items():
        first = list(dict.fromkeys(sequences))
        if first != sorted(first):
            yield f"records of {key} came as {first}"
