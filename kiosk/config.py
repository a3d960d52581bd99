"""config.toml as types: every key has a default, an empty file runs the demo, a typo stops the start by its path."""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from kiosk.domain.customer import Limits
from kiosk.domain.fiscal_day import FiscalDay
from kiosk.domain.hours import OpeningHours

SIM = "sim"
_SECRET_BYTES = 32
_PIN_CHARACTERS = 4
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ConfigError(ValueError):
    """The configuration cannot be used; the text names the path (`$.fiscal.baudrate`)."""


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


Rate = Literal["none", "0", "5", "7", "10", "20", "22", "5/105", "7/107", "10/110", "20/120", "22/122"]


class Restaurant(_Section, frozen=True, kw_only=True):
    name: str = "Огонёк"
    legal_name: str = "ООО «Огонёк»"
    address: str = "г. Москва, ул. Примерная, д. 1"
    place: str = "Киоск самообслуживания"
    phone: str = "+7 800 000-00-00"
    inn: str = "7700000000"
    ogrn: str = "1027700000000"
    tax_system: Literal["general", "usn_income", "usn_income_expense", "eshn", "patent"] = "usn_income"
    vat: Rate = "none"
    settlement: Literal["automat", "attended"] = "automat"
    internet: bool = True  # orders and payments come over the network: FFD tag 1108 of the registration
    timezone: str = "Europe/Moscow"
    hours: str = ""
    cashier: str = ""
    cashier_inn: str = ""


class Server(_Section, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: int = 8080
    socket: Path = Path("var/kiosk.sock")


class DatabaseSection(_Section, frozen=True, kw_only=True):
    """Below `free_floor_mb` nothing new is sold; `reserve_mb` is room kept for what is under way then."""

    path: Path = Path("var/kiosk.db")
    free_floor_mb: Annotated[int, msgspec.Meta(ge=0)] = 128
    reserve_mb: Annotated[int, msgspec.Meta(ge=0)] = 64


class MenuSection(_Section, frozen=True, kw_only=True):
    file: str = ""
    images: str = ""


class Auth(_Section, frozen=True, kw_only=True):
    secret_file: str = ""
    token_lifetime_s: int = 900
    password_lifetime_s: int = 300
    max_attempts: int = 3
    spend_requires_code: bool = False
    consent_version: str = ""
    limits: Limits = Limits()


class Bonus(_Section, frozen=True, kw_only=True):
    accrual: float = 0.05
    max_share: float = 0.5


class PaymentSection(_Section, frozen=True, kw_only=True):
    answer_within_s: float = 60
    receipt_retry_s: float = 60
    hold_limit_s: float = 180
    on_fiscal_failure: Literal["auto", "reverse", "defer"] = "auto"


class Bank(_Section, frozen=True, kw_only=True):
    url: str = SIM
    merchant_key_file: str = ""
    timeout_s: float = 15
    abandon_after_s: float = 30


class Fiscal(_Section, frozen=True, kw_only=True):
    """`url` and `key_file` ("user:password") belong to `atol-web`, `port`, `baudrate` and `password` to the others,
    `protocol` (of its line) to `shtrih`.

    `close_at`: when the shift is closed each day (`03:30`), else before it is 24 h old; `slip`: a paper with the number
    after the receipt; `paperless_with_contact`: no paper where the receipt goes to a phone or an address; `ffd`: the
    version the drive must be registered for.
    """

    name: str = ""
    driver: Literal["shtrih", "atol", "atol-web"] = "shtrih"
    port: str = SIM
    url: str = ""
    baudrate: int = 115200
    protocol: Literal[1, 2] = 1
    password: int = 30
    order_tag: Literal["1192", "1084", "none"] = "1192"
    ffd: Literal["", "1.05", "1.1", "1.2"] = ""
    close_at: str = ""
    slip: bool = True
    paperless_with_contact: bool = False
    key_file: str = ""

    def called(self, number: int) -> str:
        """Its name among several; `fiscal-1` where none is given."""
        return self.name or f"fiscal-{number}"

    @property
    def where(self) -> str:
        """What leads to the device, or `sim`."""
        return (self.url or SIM) if self.driver == "atol-web" else self.port

    @property
    def simulated(self) -> bool:
        return self.where == SIM


class Tax(_Section, frozen=True, kw_only=True):
    """A row that refines `[restaurant] vat`: for a dish, a service, from a day on. `subject`: FFD tag 1212."""

    vat: Rate
    item: str = "*"
    service: Literal["*", "dine_in", "take_away"] = "*"
    subject: Annotated[int, msgspec.Meta(ge=1, le=27)] = 1
    valid_from: date = date(2019, 1, 1)


class Robot(_Section, frozen=True, kw_only=True):
    """`speed` scales the simulator's cooking only; what is not cooked `late_limit_s` after its promise is refunded."""

    port: str = SIM
    baudrate: int = 115200
    unit: int = 1
    speed: float = 1.0
    max_promise_s: int = 1800
    late_limit_s: int = 1800


class Sms(_Section, frozen=True, kw_only=True):
    url: str = SIM
    key_file: str = ""


class Push(_Section, frozen=True, kw_only=True):
    url: str = SIM


class Terminal(_Section, frozen=True, kw_only=True):
    id: str
    name: str = ""
    automat_number: str = ""


class Webhook(_Section, frozen=True, kw_only=True):
    url: str
    secret_file: str
    events: list[str] = msgspec.field(default_factory=lambda: ["*"])


class Service(_Section, frozen=True, kw_only=True):
    pin_file: str = ""


class Broker(_Section, frozen=True, kw_only=True):
    """`bootstrap`: host:port, several with commas. TLS outside this machine, with the system's authorities or those of
    `ca_file`; `user` with `password_file` by SCRAM-SHA-512."""

    kind: Literal["none", "kafka"] = "none"
    bootstrap: str = ""
    topic: str = ""
    ca_file: str = ""
    user: str = ""
    password_file: str = ""

    @property
    def hosts(self) -> list[tuple[str, int]]:
        """Raises `ValueError` for what is no host:port."""
        found = []
        for text in self.bootstrap.split(","):
            parts = urlsplit(f"//{text.strip()}")
            if not parts.hostname or parts.port is None or "@" in text or parts.netloc != text.strip():
                raise ValueError(f"{text.strip()!r} is not host:port")
            found.append((parts.hostname, parts.port))
        return found

    @property
    def local(self) -> bool:
        return all(host in _LOOPBACK for host, _ in self.hosts)


class Log(_Section, frozen=True, kw_only=True):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class Config(_Section, frozen=True, kw_only=True):
    """The whole file; paths are absolute after `load`."""

    restaurant: Restaurant = Restaurant()
    server: Server = Server()
    database: DatabaseSection = DatabaseSection()
    menu: MenuSection = MenuSection()
    auth: Auth = Auth()
    bonus: Bonus = Bonus()
    payment: PaymentSection = PaymentSection()
    bank: Bank = Bank()
    fiscal: Fiscal | list[Fiscal] = Fiscal()
    robot: Robot = Robot()
    sms: Sms = Sms()
    push: Push = Push()
    taxes: list[Tax] = []
    terminals: list[Terminal] = msgspec.field(
        default_factory=lambda: [Terminal(id="kiosk-1", name="Киоск 1", automat_number="1")]
    )
    webhooks: list[Webhook] = []
    service: Service = Service()
    broker: Broker = Broker()
    log: Log = Log()

    @property
    def registrars(self) -> list[Fiscal]:
        return self.fiscal if isinstance(self.fiscal, list) else [self.fiscal]

    @property
    def is_demo(self) -> bool:
        """Any device that is simulated makes this a demo."""
        return SIM in [*(registrar.where for registrar in self.registrars), self.robot.port, self.bank.url]


def load(path: Path) -> Config:
    """Read `path`; a missing or empty file is the demo in the working folder. Raises `ConfigError`."""
    try:
        raw = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{path}: {error}") from error
    try:
        config = msgspec.convert(raw, Config, strict=True, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_with_key(str(error))}") from error
    _check(config)
    return _absolute(config, path.resolve().parent)


def _with_key(message: str) -> str:
    """An unknown key's whole path; msgspec names the key and the section apart."""
    found = re.fullmatch(r"Object contains unknown field `(?P<key>[^`]*)`(?: - at `(?P<at>[^`]*)`)?", message)
    return f"unknown key - at `{found['at'] or '$'}.{found['key']}`" if found else message


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise TypeError(f"Expected `str`, got {value!r}")


def _check(config: Config) -> None:
    try:
        ZoneInfo(config.restaurant.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(f"no such time zone - at `$.restaurant.timezone`: {error}") from error
    try:
        OpeningHours.parse(config.restaurant.hours)
    except ValueError as error:
        raise ConfigError(f"{error} - at `$.restaurant.hours`") from error
    for registrar in config.registrars:
        try:
            FiscalDay.parse(registrar.close_at, None, ZoneInfo(config.restaurant.timezone))
        except ValueError as error:
            raise ConfigError(f"expected a time like 03:30 - at `$.fiscal.close_at`: {error}") from error
    for where, url in (("bank", config.bank.url), ("sms", config.sms.url), ("push", config.push.url)):
        if url != SIM:
            check_url(f"$.{where}.url", url)
    for n, webhook in enumerate(config.webhooks):
        check_url(f"$.webhooks[{n}].url", webhook.url)
    if len({webhook.url for webhook in config.webhooks}) != len(config.webhooks):
        raise ConfigError("urls repeat - at `$.webhooks`")
    if not config.terminals:
        raise ConfigError("at least one terminal - at `$.terminals`")
    if len({terminal.id for terminal in config.terminals}) != len(config.terminals):
        raise ConfigError("ids repeat - at `$.terminals`")
    if config.restaurant.settlement == "automat" and not all(row.automat_number for row in config.terminals):
        raise ConfigError("an automat needs its number (FFD tag 1036) - at `$.terminals[...].automat_number`")
    if not config.registrars:
        raise ConfigError("at least one registrar - at `$.fiscal`")
    if len({row.called(n) for n, row in enumerate(config.registrars)}) != len(config.registrars):
        raise ConfigError("names repeat - at `$.fiscal`")
    if sum(row.simulated for row in config.registrars) > 1:
        raise ConfigError("only one of several registrars can be simulated - at `$.fiscal`")
    for registrar in config.registrars:
        if registrar.driver == "atol-web" and not registrar.simulated:
            check_url("$.fiscal.url", registrar.url)
    _check_broker(config.broker)


def _check_broker(broker: Broker) -> None:
    if broker.kind == "none":
        return
    try:
        assert broker.hosts
    except ValueError as error:
        raise ConfigError(f"{error} - at `$.broker.bootstrap`") from error
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,249}", broker.topic) or broker.topic in (".", ".."):
        raise ConfigError("the name of a topic - at `$.broker.topic`")
    if bool(broker.user) != bool(broker.password_file):
        raise ConfigError("a user has a password_file - at `$.broker.user`")


def check_url(where: str, url: str) -> None:
    """`http://` for loopback only, all else https. Raises `ConfigError`."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ConfigError(f"{error} - at `{where}`") from error
    local = parts.hostname in _LOOPBACK
    if parts.scheme not in ("http", "https") or not parts.hostname or (parts.scheme == "http" and not local):
        raise ConfigError(f"https:// is required outside this machine - at `{where}`")


def _absolute(config: Config, base: Path) -> Config:
    replace = msgspec.structs.replace
    return replace(
        config,
        server=replace(config.server, socket=base / config.server.socket),
        database=replace(config.database, path=base / config.database.path),
        menu=replace(config.menu, file=_under(base, config.menu.file), images=_under(base, config.menu.images)),
        auth=replace(config.auth, secret_file=_under(base, config.auth.secret_file)),
        fiscal=_registrars_under(base, config.fiscal),
        bank=replace(config.bank, merchant_key_file=_under(base, config.bank.merchant_key_file)),
        sms=replace(config.sms, key_file=_under(base, config.sms.key_file)),
        service=replace(config.service, pin_file=_under(base, config.service.pin_file)),
        broker=replace(
            config.broker,
            ca_file=_under(base, config.broker.ca_file),
            password_file=_under(base, config.broker.password_file),
        ),
        webhooks=[replace(hook, secret_file=_under(base, hook.secret_file)) for hook in config.webhooks],
    )


def _registrars_under(base: Path, fiscal: Fiscal | list[Fiscal]) -> Fiscal | list[Fiscal]:
    if isinstance(fiscal, list):
        return [msgspec.structs.replace(one, key_file=_under(base, one.key_file)) for one in fiscal]
    return msgspec.structs.replace(fiscal, key_file=_under(base, fiscal.key_file))


def _under(base: Path, name: str) -> str:
    return str(base / name) if name else ""


def read_secret(path: str, what: str) -> bytes:
    """The stripped text of a secret file. Raises `ConfigError`."""
    try:
        return Path(path).read_bytes().strip()
    except OSError as error:
        raise ConfigError(f"{what}: {error}") from error


def token_secret(config: Config, environment: Mapping[str, str] | None = None) -> bytes:
    """The key of access tokens; made (0600) in a development run, refused to be missing under systemd."""
    path = Path(config.auth.secret_file) if config.auth.secret_file else config.database.path.parent / "token.secret"
    if not path.exists():
        if _under_systemd(environment):
            raise ConfigError(f"{path} is missing - at `$.auth.secret_file`")
        _make_secret(path, secrets.token_urlsafe(48))
    secret = read_secret(str(path), "$.auth.secret_file")
    if len(secret) < _SECRET_BYTES:
        raise ConfigError(f"at least {_SECRET_BYTES} bytes - at `$.auth.secret_file`")
    return secret


def service_pin(config: Config, environment: Mapping[str, str] | None = None) -> str:
    """The PIN of the staff's pages; made (0600) in a development run; under systemd no file means no such pages."""
    path = Path(config.service.pin_file) if config.service.pin_file else config.database.path.parent / "service.pin"
    if not path.exists():
        if config.service.pin_file:
            raise ConfigError(f"{path} is missing - at `$.service.pin_file`")
        if _under_systemd(environment):
            return ""
        _make_secret(path, f"{secrets.randbelow(1_000_000):06d}")
    pin = read_secret(str(path), "$.service.pin_file").decode("utf-8", "replace")
    if len(pin) < _PIN_CHARACTERS:
        raise ConfigError(f"at least {_PIN_CHARACTERS} characters - at `$.service.pin_file`")
    return pin


def _under_systemd(environment: Mapping[str, str] | None) -> bool:
    """INVOCATION_ID would say the same of a desktop's terminal, itself a unit; our unit is Type=notify."""
    return "NOTIFY_SOCKET" in (os.environ if environment is None else environment)


def _make_secret(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
