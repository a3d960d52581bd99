"""What an alarm puts into a messenger's request: a text, whatever stands in it."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

from hypothesis import given
from hypothesis import strategies as st

from kiosk.messages.alarm_channels import filled

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_of_an_alarm_stays_a_text_in_whatever_request_it_stands(text: str) -> None:
    members = {"text": text, "title": "t", "id": "i", "secret": "s"}
    assert json.loads(filled('{"chat": {"id": 7}, "text": "{text}"}', members, JSON)) == {
        "chat": {"id": 7},
        "text": text,
    }
    form = parse_qs(filled("text={text}&to=7", members, FORM), keep_blank_values=True, strict_parsing=True)
    assert form == {"text": [text], "to": ["7"]}


def test_members_of_the_text_are_not_filled_in_again() -> None:
    assert filled("{text}", {"text": "{secret}", "secret": "s", "title": "", "id": ""}, "text/plain") == "{secret}"
