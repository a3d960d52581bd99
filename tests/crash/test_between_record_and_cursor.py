"""kill -9 around a broker's acknowledgement: each event stands in the topic at least once, under one id, in order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from kiosk.checkpoints import BROKER_POINTS
from kiosk.wiring import Parts
from tests.crash import planted
from tests.crash.bombs import AtPoint
from tests.crash.judging import judged
from tests.crash.rig import World, world
from tests.crash.sweeping import struck
from tests.kafka_peer import kafka_peer, missing, read_all, repeated

TOPIC = "restaurant.events"


def section(bootstrap: str) -> str:
    return f'[broker]\nkind = "kafka"\nbootstrap = "{bootstrap}"\ntopic = "{TOPIC}"\n'


def published(place: World) -> list[dict[str, Any]]:
    """Every event, once the broker has acknowledged the last."""
    place.settle(place.alive())

    def level() -> bool:
        rows = place.staff("GET", "/internal/webhooks").body["webhooks"]
        return bool(rows and rows[0]["lag"] == 0)

    place.until(level, "the topic has everything")
    return place.all_events()


def killed(points: tuple[str, ...], variant: Callable[[], Parts] | None = None) -> set[str]:
    """A life for each point, on the second event after it as well; the ids the topic has more than once."""
    with kafka_peer(TOPIC) as peer, world(section(peer.bootstrap), variant) as place:
        for name in points:
            for n in (1, 2):
                assert struck(place, partial(AtPoint, name, n)), (name, n)
        events = published(place)
        records = read_all(peer.bootstrap, TOPIC)
        place.found += len(missing(records, events))
        later = {event["event_id"] for event in place.all_events()} - {event["event_id"] for event in events}
        found = repeated([record for record in records if record.event["id"] not in later], events)
        assert judged(place) == []
        return found


@pytest.mark.heavy
def test_3_6_killed_around_the_acknowledgement_every_event_stands_there_under_its_id() -> None:
    again = killed(BROKER_POINTS)
    assert 1 <= len(again) <= 2, "only what was killed between record and cursor comes again"


def test_3_6_planted_bug_of_a_cursor_that_moves_first_is_caught() -> None:
    with pytest.raises(AssertionError, match="an event is lost"):
        killed(("broker.posting",), planted.cursor_before_delivery)
