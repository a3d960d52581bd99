"""The settings as a support bundle tells them: no secret, no contact, of an address its host alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from kiosk.config.settings import Config

_SECRET = re.compile(r"(?:^|_)(?:key|secret|password|pin|token|user|login|sender|chat|address|phone|email)s?$")
_URL = re.compile(r"[a-z+]+://", re.IGNORECASE)
_CONTACT = re.compile(r"@|\+?\d[\d ()-]{8,}\d")
_HIDDEN = "…"


def settings_told(config: Config) -> Mapping[str, object]:
    """Every section with its keys; a value that may be a secret or somebody's contact is `…`."""
    told = {name: _told(name, part) for name, part in msgspec.to_builtins(config, enc_hook=str).items()}
    return {**told, "restaurant": {"timezone": config.restaurant.timezone}}


def _told(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        person = "address" in value  # who is called: their name is theirs, too
        return {key: _HIDDEN if person and key == "name" else _told(key, part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_told(name, part) for part in value]
    if not value or isinstance(value, bool) or name.endswith("_file"):
        return value
    if _SECRET.search(name):
        return _HIDDEN  # a registrar's operator password is a number
    if not isinstance(value, str):
        return value
    if _URL.match(value):
        return f"{urlsplit(value).scheme}://{urlsplit(value).hostname}"
    return _HIDDEN if _CONTACT.search(value) else value
