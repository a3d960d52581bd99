"""Where the outbox goes outside: the webhooks and the broker as the configuration names them."""

from __future__ import annotations

from drivers.broker.port import Broker as BrokerPort
from drivers.webhook.port import WebhookSender
from kiosk.clock import Clock
from kiosk.config import ConfigError, problem
from kiosk.config.secret_files import read_key, read_signing_keys
from kiosk.config.settings import Broker, Config
from kiosk.files import Unreadable, read_file
from kiosk.sinks.broker import BrokerTopic, topic_url
from kiosk.sinks.relay import Target
from kiosk.sinks.traces import TraceCollector, collector_url
from kiosk.sinks.webhooks import Subscription, WebhookEndpoint
from kiosk.store.database import Database

_LONGEST_CA_BYTES = 1_048_576


def targets(
    config: Config, sender: WebhookSender, broker: BrokerPort | None, database: Database, clock: Clock
) -> list[Target]:
    """Everything outside that gets the events. Raises `ConfigError` for a secret that cannot be read."""
    source = f"/kiosk/{config.restaurant.inn}"
    found: list[Target] = [WebhookEndpoint(row, sender, source, clock) for row in subscriptions(config)]
    if broker is not None:
        found.append(BrokerTopic(broker, config.broker.topic, source))
    if config.traces.url:
        found.append(TraceCollector(config.traces.url, sender, database, config.restaurant.inn))
    return found


def menu_keys(config: Config) -> tuple[bytes, ...]:
    """Of the cloud that the menu comes from; none without one. Raises `ConfigError`."""
    row = config.menu
    return read_signing_keys(row.secret_file, "$.menu.secret_file") if row.url and row.secret_file else ()


def urls(config: Config) -> set[str]:
    """Their names among the endpoints."""
    topics = set() if config.broker.kind == "none" else {topic_url(config.broker.topic)}
    collectors = {collector_url(config.traces.url)} if config.traces.url else set()
    return {webhook.url for webhook in config.webhooks} | topics | collectors


def subscriptions(config: Config) -> list[Subscription]:
    """`[[webhooks]]` with their secrets. Raises `ConfigError` with a line for each that cannot be read."""
    found: list[Subscription] = []
    problems: list[str] = []
    for index, webhook in enumerate(config.webhooks):
        where = f"$.webhooks[{index}].secret_file"
        try:
            keys = read_signing_keys(webhook.secret_file, where)
        except ConfigError as error:
            problems += error.problems
        else:
            found.append(Subscription(webhook.url, keys, frozenset(webhook.events)))
    if problems:
        raise ConfigError(*problems)
    return found


def broker_of(broker: Broker, timeout_s: float) -> BrokerPort | None:
    """The broker of `[broker]`; its library is an extra of the package. Raises `ConfigError`."""
    if broker.kind == "none":
        return None
    try:
        from drivers.broker.kafka import KafkaAccess, KafkaBroker
    except ModuleNotFoundError as error:
        what = f"{error.name} is missing: pip install 'ogonyok-kiosk[kafka]'"
        raise ConfigError(problem("$.broker.kind", what)) from error
    where = "$.broker.password_file"
    password = read_key(broker.password_file, where) if broker.password_file else ""
    try:
        authorities = read_file(broker.ca_file, _LONGEST_CA_BYTES).decode("ascii", "ignore") if broker.ca_file else None
        if authorities is not None and not authorities.strip():
            raise Unreadable(broker.ca_file, "holds no certificate")
        access = KafkaAccess(not broker.local, authorities, broker.user, password)
        return KafkaBroker(broker.bootstrap, access, timeout_s)
    except Unreadable as error:
        raise ConfigError(problem("$.broker.ca_file", error)) from error
    except (OSError, TypeError, ValueError) as error:
        raise ConfigError(problem("$.broker.ca_file", f"{broker.ca_file}: {error}")) from error
