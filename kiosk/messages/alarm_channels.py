"""The ways by which a person is called: SMS, push, mail, a signed webhook, and any messenger that takes a request."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import quote

import msgspec

from drivers.errors import DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.mail.port import Letter, MailServer
from drivers.push.port import PushGateway
from drivers.sms.port import SmsGateway
from drivers.webhook.port import Delivery, WebhookSender
from kiosk.clock import Clock, rfc3339
from kiosk.domain.signing import sign
from kiosk.store.staff.alarms import AlarmMessage

_MEMBER = re.compile(r"\{(title|text|id|secret)\}")
_TYPE = "AlarmMessage"


class Channel(Protocol):
    """`send` under the message's own id, the same in every try. Raises `DeviceError`: `DeviceRefused` where it will
    never be taken, `DeviceUnreachable` where it has certainly not arrived."""

    async def send(self, message: AlarmMessage) -> None: ...


class SmsChannel:
    """Title and text in one: what follows the title stands in the text."""

    def __init__(self, gateway: SmsGateway, to: str) -> None:
        self._gateway = gateway
        self._to = to

    async def send(self, message: AlarmMessage) -> None:
        await self._gateway.send(self._to, f"{message.title}\n{message.body}", message.message_id)


class PushChannel:
    def __init__(self, gateway: PushGateway, to: str) -> None:
        self._gateway = gateway
        self._to = to

    async def send(self, message: AlarmMessage) -> None:
        await self._gateway.send(self._to, message.title, message.body, message.message_id)


class MailChannel:
    def __init__(self, server: MailServer, to: str) -> None:
        self._server = server
        self._to = to

    async def send(self, message: AlarmMessage) -> None:
        await self._server.send(Letter(self._to, message.title, message.body, message.message_id, message.created_at))


class WebhookChannel:
    """A CloudEvent, signed like those of the outbox."""

    def __init__(self, sender: WebhookSender, url: str, keys: tuple[bytes, ...], source: str, clock: Clock) -> None:
        self._sender = sender
        self._url = url
        self._keys = keys
        self._source = source
        self._clock = clock

    async def send(self, message: AlarmMessage) -> None:
        now = self._clock.now()
        data = {"urgent": message.urgent, "title": message.title, "text": message.body, "test": message.kind == "test"}
        event = {
            "specversion": "1.0",
            "id": message.message_id,
            "source": self._source,
            "type": _TYPE,
            "time": rfc3339(message.created_at),
            "datacontenttype": "application/json",
            "data": data,
        }
        body = msgspec.json.encode(event)
        headers = {
            "Content-Type": "application/cloudevents+json",
            "webhook-id": message.message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": sign(self._keys, message.message_id, now, body),
        }
        _judge("webhook", await self._sender.deliver(self._url, headers, body))


class HttpChannel:
    """A request as somebody's messenger wants it. What is filled in is quoted by the rules of where it stands, so that
    no text of ours ends a string of theirs. The secret is a bearer token where nothing else names it."""

    def __init__(self, sender: WebhookSender, url: str, body: str, content_type: str, secret: str = "") -> None:
        self._sender = sender
        self._body = body
        self._content_type = content_type
        self._secret = secret
        self._bearer = bool(secret) and "{secret}" not in url + body
        self._url = url.replace("{secret}", quote(secret, safe=":"))

    async def send(self, message: AlarmMessage) -> None:
        members = {
            "title": message.title,
            "text": f"{message.title}\n{message.body}",
            "id": message.message_id,
            "secret": self._secret,
        }
        headers = {"Content-Type": f"{self._content_type}; charset=utf-8", "Idempotency-Key": message.message_id}
        if self._bearer:
            headers["Authorization"] = f"Bearer {self._secret}"
        body = filled(self._body, members, self._content_type).encode()
        _judge("http", await self._sender.deliver(self._url, headers, body))


def filled(template: str, members: Mapping[str, str], content_type: str) -> str:
    """The template with its members; other braces stay, JSON has them."""
    write = {"application/json": _in_json, "application/x-www-form-urlencoded": _in_form}.get(content_type, str)
    return _MEMBER.sub(lambda found: write(members[found[1]]), template)


def _in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _in_form(text: str) -> str:
    return quote(text, safe="")


def _judge(device: str, answer: Delivery) -> None:
    """Raises `DeviceError` for what is no acceptance; what it answered is not passed on."""
    if answer.accepted:
        return
    status = answer.status
    if status in (401, 403, 404, 405, 407, 408, 429):
        raise DeviceUnreachable(device, "busy" if status in (408, 429) else "wrong_address", f"HTTP {status}")
    if 400 <= status < 500:
        raise DeviceRefused(device, "refused", f"HTTP {status}")
    raise OutcomeUnknown(device, "unexpected_answer", f"HTTP {status}")
