"""config.toml as types: every key has a default, an empty file runs the demo (contract §7)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from kiosk.domain.customer import Limits

SIM = "sim"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


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


class Display(_Section, frozen=True, kw_only=True):
    """`keep_s`: how long an order whose money goes back stays on the hall board with these words."""

    keep_s: Annotated[int, msgspec.Meta(ge=0, le=86400)] = 300


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
        return all(host in LOOPBACK for host, _ in self.hosts)


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
    display: Display = Display()
    broker: Broker = Broker()
    log: Log = Log()

    @property
    def registrars(self) -> list[Fiscal]:
        return self.fiscal if isinstance(self.fiscal, list) else [self.fiscal]

    @property
    def is_demo(self) -> bool:
        """Any device that is simulated makes this a demo."""
        return SIM in [*(registrar.where for registrar in self.registrars), self.robot.port, self.bank.url]
