"""What settings have to do with each other; each function yields one line for each problem."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kiosk.config.problems import problem
from kiosk.config.settings import Broker, Config


def problems_of(config: Config) -> list[str]:
    return [
        *_repeated("$.webhooks", "url", [webhook.url for webhook in config.webhooks]),
        *_countries(config.sms.countries),
        *_terminals(config),
        *_registrars(config),
        *_broker(config.broker),
    ]


def _repeated(where: str, key: str, values: Sequence[str]) -> Iterator[str]:
    for n, value in enumerate(values):
        if value in values[:n]:
            yield problem(f"{where}[{n}].{key}", f"{value!r} stands at {where}[{values.index(value)}] already")


def _countries(countries: Sequence[str]) -> Iterator[str]:
    for n, country in enumerate(countries):
        if country in countries[:n]:
            yield problem(f"$.sms.countries[{n}]", f"{country!r} stands there already")


def _terminals(config: Config) -> Iterator[str]:
    if not config.terminals:
        yield problem("$.terminals", "at least one terminal")
    yield from _repeated("$.terminals", "id", [terminal.id for terminal in config.terminals])
    if config.restaurant.settlement == "automat":
        for n, terminal in enumerate(config.terminals):
            if not terminal.automat_number:
                yield problem(f"$.terminals[{n}].automat_number", "an automat needs its number (FFD tag 1036)")


def _registrars(config: Config) -> Iterator[str]:
    rows = config.registrars
    if not rows:
        yield problem("$.fiscal", "at least one registrar")
    yield from _repeated("$.fiscal", "name", [row.name for row in rows])
    if sum(row.simulated for row in rows) > 1:
        yield problem("$.fiscal", "only one of several registrars can be simulated")
    lines = [(f"$.fiscal[{n}]", row.where) for n, row in enumerate(rows) if not row.simulated]
    for n, (where, line) in enumerate([*lines, ("$.robot.port", config.robot.port)]):
        if found := [other for other, leads_to in lines[:n] if leads_to == line]:
            yield problem(where, f"{line!r} is that of {found[0]} already")


def _broker(broker: Broker) -> Iterator[str]:
    if broker.kind == "none":
        return
    for key in ("bootstrap", "topic"):
        if not getattr(broker, key):
            yield problem(f"$.broker.{key}", "is missing")
    if bool(broker.user) != bool(broker.password_file):
        yield problem("$.broker.user", "a user has a password_file")
