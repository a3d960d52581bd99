"""`[alarms]`: who is called about what, by which channel, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from kiosk.config import forms
from kiosk.config.forms import LOOPBACK, SIM
from kiosk.config.problems import problem
from kiosk.domain.staff.alarm_rules import AlarmRules


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class AlarmTo(_Section, frozen=True, kw_only=True):
    """One of those who are called. `address`: a phone, a device's push address, a mail address, or a url; `level`: 1 is
    called first, 2 where nobody has answered; `secret_file`: what signs for a `webhook` (`whsec_…`), and what an `http`
    address or body has as `{secret}`, else a bearer token; `body`: of `http`, with `{title}`, `{text}`, `{id}`."""

    name: forms.ChannelName = ""
    channel: Literal["sms", "push", "email", "webhook", "http"]
    address: forms.ChannelAddress
    level: Annotated[int, msgspec.Meta(ge=1, le=2)] = 1
    language: Literal["ru", "en"] = "ru"
    secret_file: forms.File = ""
    body: forms.ChannelBody = ""
    content_type: Literal["application/json", "application/x-www-form-urlencoded", "text/plain"] = "application/json"


class AlarmMail(_Section, frozen=True, kw_only=True):
    """The mail server of channel `email`; `encryption` may be `none` on this machine alone."""

    host: forms.MailHost = SIM
    port: forms.Port = 465
    encryption: Literal["tls", "starttls", "none"] = "tls"
    sender: forms.MailAddress = "kiosk@kiosk.invalid"
    user: forms.MailUser = ""
    password_file: forms.File = ""
    timeout_s: forms.Wait = 15


class Alarms(_Section, frozen=True, kw_only=True):
    """`quiet`: hours in which only what is urgent is told; `escalate_s`: without an answer for so long level 2 is
    called too, and everybody again each `repeat_s`; `hold_s`: how long a cause must be gone; of a channel's messages
    there is one in `pause_s`, and `per_hour` in an hour: what does not fit is summed in the next."""

    to: list[AlarmTo] = []
    quiet: forms.Hours = ""
    escalate_s: forms.Patience = 900
    repeat_s: forms.Patience = 3600
    hold_s: forms.Patience = 120
    pause_s: forms.Patience = 60
    per_hour: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 12
    rules: AlarmRules = AlarmRules()
    email: AlarmMail = AlarmMail()

    @property
    def called(self) -> list[AlarmTo]:
        """Each with its name: `sms-1`, `email-2`, … by its place where none is given."""
        return [msgspec.structs.replace(row, name=row.name or f"{row.channel}-{n}") for n, row in enumerate(self.to, 1)]

    @property
    def mails(self) -> bool:
        return any(row.channel == "email" for row in self.to)


def problems_of_alarms(alarms: Alarms) -> Iterator[str]:
    """What the members of one row, or the rows, have to do with each other."""
    names = [row.name for row in alarms.called]
    for n, row in enumerate(alarms.to):
        where = f"$.alarms.to[{n}]"
        if names.index(names[n]) < n:
            yield problem(f"{where}.name", f"{names[n]!r} stands at $.alarms.to[{names.index(names[n])}] already")
        yield from _address(where, row)
        yield from _members(where, row)
    yield from _mail(alarms.email)


def _address(where: str, row: AlarmTo) -> Iterator[str]:
    checks = {"sms": forms.mobile, "email": forms.mail_address, "webhook": forms.url, "http": _http_address}
    try:
        checks.get(row.channel, forms.printable)(row.address)
    except ValueError as error:
        yield problem(f"{where}.address", error)


def _http_address(text: str) -> None:
    """A url in which the secret may stand, as messengers have it."""
    forms.url(text.replace("{secret}", "secret"))
    if "{" in text.replace("{secret}", ""):
        raise ValueError("only {secret} can be filled in")


def _members(where: str, row: AlarmTo) -> Iterator[str]:
    if row.channel == "webhook" and not row.secret_file:
        yield problem(f"{where}.secret_file", "is missing: a webhook is signed")
    if row.channel not in ("webhook", "http") and row.secret_file:
        yield problem(f"{where}.secret_file", f"belongs to channels webhook and http, not to {row.channel}")
    if row.channel == "http" and "{text}" not in row.body:
        yield problem(f"{where}.body", "is missing, or has no {text} in it")
    if row.channel != "http" and row.body:
        yield problem(f"{where}.body", f"belongs to channel http, not to {row.channel}")
    if "{secret}" in row.address + row.body and not row.secret_file:
        yield problem(f"{where}.secret_file", "is missing: {secret} is to be filled in")


def _mail(mail: AlarmMail) -> Iterator[str]:
    if mail.host != SIM and mail.encryption == "none" and mail.host not in LOOPBACK:
        yield problem("$.alarms.email.encryption", "tls or starttls is required outside this machine")
    if bool(mail.user) != bool(mail.password_file):
        yield problem("$.alarms.email.user", "a user has a password_file")
    if mail.user and mail.encryption == "none":
        yield problem("$.alarms.email.user", "a password is told over tls or starttls alone")
