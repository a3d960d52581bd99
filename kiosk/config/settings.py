"""config.toml as types: every key has a default, an empty file runs the demo (settings.md)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from kiosk.config import forms
from kiosk.config.alarms import Alarms
from kiosk.config.forms import LOOPBACK, SIM
from kiosk.domain.identity.limits import Limits
from kiosk.domain.identity.phone import HOME
from kiosk.domain.staff.retention import Keep
from kiosk.domain.text import LANGUAGES, Text


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


Rate = Literal["none", "0", "5", "7", "10", "20", "22", "5/105", "7/107", "10/110", "20/120", "22/122"]


class Restaurant(_Section, frozen=True, kw_only=True):
    """`name_en`, `legal_name_en`, `address_en`: what who reads English is shown; empty: as in Russian. `receipt_link`:
    where the fiscal data operator shows a receipt, with `{fn}`, `{i}`, `{fp}` and the rest of its QR code's members."""

    name: forms.Name = "Огонёк"
    name_en: forms.Caption = ""
    legal_name_en: forms.LegalName = ""
    address_en: forms.Address = ""
    receipt_link: forms.ReceiptLink = ""
    legal_name: forms.LegalName = "ООО «Огонёк»"
    address: forms.Address = "г. Москва, ул. Примерная, д. 1"
    place: forms.Place = "Киоск самообслуживания"
    phone: forms.Phone = "+7 800 000-00-00"
    inn: forms.Inn = "7700000000"
    ogrn: forms.Ogrn = "1027700000000"
    tax_system: Literal["general", "usn_income", "usn_income_expense", "eshn", "patent"] = "usn_income"
    vat: Rate = "none"
    settlement: Literal["automat", "attended"] = "automat"
    internet: bool = True  # orders and payments come over the network: FFD tag 1108 of the registration
    timezone: forms.TimeZone = "Europe/Moscow"
    hours: forms.Hours = ""
    cashier: forms.Cashier = ""
    cashier_inn: forms.PersonInn = ""

    @property
    def called(self) -> Text:
        """Its name for guests, in both languages; Russian twice where no English one is set."""
        return _in_both(self.name, self.name_en)

    @property
    def legally(self) -> Text:
        """The legal entity of the receipt, in both languages."""
        return _in_both(self.legal_name, self.legal_name_en)

    @property
    def located(self) -> Text:
        """Its address, in both languages."""
        return _in_both(self.address, self.address_en)


_DEMO_IN_ENGLISH = {
    "ООО «Огонёк»": "Ogonyok LLC",
    "г. Москва, ул. Примерная, д. 1": "1 Primernaya Street, Moscow",
}


def _in_both(russian: str, english: str) -> Text:
    return Text(russian, english or _DEMO_IN_ENGLISH.get(russian, russian))


class Server(_Section, frozen=True, kw_only=True):
    host: forms.Host = "127.0.0.1"
    port: forms.Port = 8080
    socket: forms.FilePath = Path("var/kiosk.sock")


class DatabaseSection(_Section, frozen=True, kw_only=True):
    """Below `free_floor_mb` nothing new is sold; `reserve_mb` is room kept for what is under way then."""

    path: forms.FilePath = Path("var/kiosk.db")
    free_floor_mb: forms.Megabytes = 128
    reserve_mb: forms.Megabytes = 64


class MenuSection(_Section, frozen=True, kw_only=True):
    """`languages`: what a guest may choose; where the menu has no words in one, the English ones. `url`: where the
    menu is asked for every `poll_s`, signed by the key of `secret_file`."""

    file: forms.File = ""
    images: forms.Folder = ""
    languages: Annotated[list[forms.MenuLanguage], msgspec.Meta(min_length=1, max_length=5)] = msgspec.field(
        default_factory=lambda: list(LANGUAGES)
    )
    url: forms.UrlOrNone = ""
    secret_file: forms.File = ""
    poll_s: Annotated[int, msgspec.Meta(ge=10, le=86_400)] = 300


class Auth(_Section, frozen=True, kw_only=True):
    secret_file: forms.File = ""
    token_lifetime_s: forms.Lifetime = 900
    password_lifetime_s: forms.Lifetime = 300
    max_attempts: forms.Tries = 3
    spend_requires_code: bool = False
    consent_version: forms.ConsentVersion = ""
    limits: Limits = Limits()


class Bonus(_Section, frozen=True, kw_only=True):
    accrual: forms.Share = 0.05
    max_share: forms.Share = 0.5


ReceiptOrder = Literal["after_payment", "before_payment"]


class ReceiptSection(_Section, frozen=True, kw_only=True):
    """Where a way to pay is to differ from `[fiscal] receipt`."""

    token: Literal["", "after_payment", "before_payment"] = ""
    terminal: Literal["", "after_payment", "before_payment"] = ""
    sbp: Literal["", "after_payment", "before_payment"] = ""
    till: Literal["", "after_payment", "before_payment"] = ""


class CashlessSection(_Section, frozen=True, kw_only=True):
    """FFD tag 1236 of a way to pay, as an adviser says; below 0 the receipt says nothing of it in 1234."""

    token: Annotated[int, msgspec.Meta(ge=-1, le=255)] = -1
    terminal: Annotated[int, msgspec.Meta(ge=-1, le=255)] = -1
    sbp: Annotated[int, msgspec.Meta(ge=-1, le=255)] = -1


class PaymentSection(_Section, frozen=True, kw_only=True):
    """`methods`: the ways to pay, in the order they are offered; `till_expires_s`: how long a code to pay at the till
    is good."""

    methods: Annotated[list[Literal["token", "terminal", "sbp", "till"]], msgspec.Meta(min_length=1)] = msgspec.field(
        default_factory=lambda: ["token"]
    )
    till_expires_s: forms.Patience = 900
    answer_within_s: forms.Wait = 60
    receipt_retry_s: forms.Patience = 60
    hold_limit_s: forms.Patience = 180
    on_fiscal_failure: Literal["auto", "reverse", "defer"] = "auto"
    receipt: ReceiptSection = msgspec.field(default_factory=ReceiptSection)
    cashless: CashlessSection = msgspec.field(default_factory=CashlessSection)


class Bank(_Section, frozen=True, kw_only=True):
    """The acquirer of the method `token`. `shop_id` and `hold` (the money is held until the receipt is there) belong to
    `yookassa`; `merchant_key_file` is its secret key too."""

    driver: Literal["acquirer", "yookassa"] = "acquirer"
    shop_id: forms.TerminalKey = ""
    hold: bool = True
    url: forms.UrlOrSim = SIM
    merchant_key_file: forms.File = ""
    timeout_s: forms.Wait = 15
    abandon_after_s: forms.Patience = 30


class CardTerminal(_Section, frozen=True, kw_only=True):
    """The card reader of the method `terminal`. `fin_within_s`: how long it is known to hold an approval (`vtk`);
    `sale_s`: how long it waits for card and bank, `refunds`: whether it gives money back without the card,
    `settle_at`: when its day is closed, `terminal_id`: which of several it is (`inpas`); the others are what readers
    may differ in (protocols/vtk.md#open-questions, protocols/inpas.md#open-questions)."""

    driver: Literal["vtk", "inpas"] = "vtk"
    port: forms.ReaderPlace = SIM
    fin_within_s: forms.Patience = 30
    sale_s: forms.Wait = 90
    refunds: Literal["hand", "reader"] = "hand"
    settle_at: forms.TimeOfDay = "03:30"
    terminal_id: forms.TerminalKey = ""
    asks_status: bool = False
    stores_before_bank: bool = True
    lends_network: bool = True

    @property
    def by_url(self) -> bool:
        """Whether it is behind a service and not at a line."""
        return self.driver == "inpas"

    @property
    def simulated(self) -> bool:
        """Whether it is set to `sim`: the simulator runs inside the process."""
        return self.port == SIM


class Sbp(_Section, frozen=True, kw_only=True):
    """The bank of the method `sbp`. `terminal_key` names the shop's terminal and `password_file` what signs (`tbank`),
    `merchant_id` the shop in SBP and `key_file` its secret key, `refunds_under` where refunds are (`raif`); a code is
    `screen_s` on the screen, the bank takes money for it `due_s`, and is asked every `poll_s`."""

    driver: Literal["tbank", "raif"] = "tbank"
    url: forms.UrlOrSim = SIM
    terminal_key: forms.TerminalKey = ""
    password_file: forms.File = ""
    merchant_id: forms.TerminalKey = ""
    key_file: forms.File = ""
    refunds_under: Literal["payments", "payment"] = "payments"
    timeout_s: forms.Wait = 10
    screen_s: forms.Patience = 180
    due_s: forms.QrLife = 300
    poll_s: forms.Wait = 2


class Fiscal(_Section, frozen=True, kw_only=True):
    """`url` and `key_file` ("user:password") belong to `atol-web`, `port`, `baudrate` and `password` to the others,
    `protocol` (of its line) to `shtrih`.

    `close_at`: when the shift is closed each day (`03:30`), else before it is 24 h old; `slip`: a paper with the number
    after the receipt; `paperless_with_contact`: no paper where the receipt goes to a phone or an address; `ffd`: the
    version the drive must be registered for; `ofd`: who carries documents to the operator of fiscal data, the register
    by its own network, this process (`shtrih` only), or another program on this machine; `fallback`: of several, the
    kiosk may sell through this one by itself where the one in use cannot print; `receipt`: before or after the money,
    `on_refusal`: how a receipt is taken back whose money was refused, `unpaid_...`: how many of those in an hour.
    """

    name: forms.RegistrarName = ""
    driver: Literal["shtrih", "atol", "atol-web"] = "shtrih"
    port: forms.Line = SIM
    url: forms.OptionalUrl = ""
    baudrate: forms.Baudrate = 115200
    protocol: Literal[1, 2] = 1
    password: forms.Password = 30
    order_tag: Literal["1192", "1084", "none"] = "1192"
    ffd: Literal["", "1.05", "1.1", "1.2"] = ""
    close_at: forms.TimeOfDay = ""
    slip: bool = True
    paperless_with_contact: bool = False
    ofd: Literal["device", "host", "external"] = "device"
    key_file: forms.File = ""
    fallback: bool = False
    receipt: ReceiptOrder = "after_payment"
    on_refusal: Literal["return", "correction"] = "return"
    unpaid_per_visitor: Annotated[int, msgspec.Meta(ge=1, le=100)] = 3
    unpaid_per_hour: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 20

    @property
    def where(self) -> str:
        """What leads to the device, or `sim`."""
        return (self.url or SIM) if self.driver == "atol-web" else self.port

    @property
    def simulated(self) -> bool:
        """Whether it is set to `sim`: the simulator runs inside the process."""
        return self.where == SIM


class Tax(_Section, frozen=True, kw_only=True):
    """A row that refines `[restaurant] vat`: for a dish, a service, from a day on. `subject`: FFD tag 1212."""

    vat: Rate
    item: forms.Dish = "*"
    service: Literal["*", "dine_in", "take_away"] = "*"
    subject: forms.Subject = 1
    valid_from: date = date(2019, 1, 1)


class Robot(_Section, frozen=True, kw_only=True):
    """`complex`: what it has, empty: the demo's. `speed` scales the simulator's cooking only; what is not cooked
    `late_limit_s` after its promise is refunded, and so is what has waited `station_wait_s` for a closed station."""

    port: forms.Line = SIM
    complex: forms.File = ""
    baudrate: forms.Baudrate = 115200
    unit: forms.Unit = 1
    speed: forms.Speed = 1.0
    max_promise_s: forms.Promise = 1800
    late_limit_s: forms.Promise = 1800
    station_wait_s: forms.Patience = 600

    @property
    def simulated(self) -> bool:
        """Whether it is set to `sim`: the simulator runs inside the process."""
        return self.port == SIM


class Cells(_Section, frozen=True, kw_only=True):
    """Food that nobody fetches: its guest is reminded after `remind_s`, staff is called after `call_staff_s`, and after
    `hold_s` it is thrown away, unless the dish's chart names another time; so it is where the cell tells for
    `cold_for_s` that it is colder than the chart allows. `on_spoiled`: what the guest gets then, the money, or the
    portion once more."""

    remind_s: forms.Holding = 300
    call_staff_s: forms.Holding = 1800
    hold_s: forms.Holding = 3600
    cold_for_s: forms.Holding = 120
    on_spoiled: Literal["refund", "cook_again"] = "refund"


class Lots(_Section, frozen=True, kw_only=True):
    """Lots in the bins. `required`: a refill names its lot and its expiry; so long before that (`warn_s`) staff is
    warned, and so long before it (`last_sale_s`) its dishes are sold no more; a recall lists what was made of a lot in
    the last `recall_days`."""

    required: bool = False
    warn_s: Annotated[int, msgspec.Meta(ge=0, le=2_592_000)] = 86_400
    last_sale_s: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 900
    recall_days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 30


class Sms(_Section, frozen=True, kw_only=True):
    """`countries`: whose mobile numbers the gateway sends to; the first is that of a number without a country."""

    url: forms.UrlOrSim = SIM
    key_file: forms.File = ""
    countries: Annotated[list[forms.Country], msgspec.Meta(min_length=1)] = msgspec.field(
        default_factory=lambda: [HOME]
    )


class Push(_Section, frozen=True, kw_only=True):
    url: forms.UrlOrSim = SIM


class Terminal(_Section, frozen=True, kw_only=True):
    id: forms.Identity
    name: forms.Caption = ""
    automat_number: forms.AutomatNumber = ""


class Webhook(_Section, frozen=True, kw_only=True):
    url: forms.Url
    secret_file: forms.RequiredFile
    events: Annotated[list[forms.EventName], msgspec.Meta(min_length=1)] = msgspec.field(default_factory=lambda: ["*"])


RefundLimit = Annotated[int, msgspec.Meta(ge=0, le=100_000_000)]


class Service(_Section, frozen=True, kw_only=True):
    """`refund_limit_kopecks`: above it a refund of one order wants a second person, where staff have accounts; 0: no
    limit."""

    pin_file: forms.File = ""
    refund_limit_kopecks: RefundLimit = 300_000


class Display(_Section, frozen=True, kw_only=True):
    """`keep_s`: how long an order whose money goes back stays on the hall board with these words."""

    keep_s: Annotated[int, msgspec.Meta(ge=0, le=86400)] = 300


class Broker(_Section, frozen=True, kw_only=True):
    """`bootstrap`: host:port, several with commas. TLS outside this machine, with the system's authorities or those of
    `ca_file`; `user` with `password_file` by SCRAM-SHA-512."""

    kind: Literal["none", "kafka"] = "none"
    bootstrap: forms.Hosts = ""
    topic: forms.Topic = ""
    ca_file: forms.File = ""
    user: forms.UserName = ""
    password_file: forms.File = ""

    @property
    def hosts(self) -> list[tuple[str, int]]:
        """Pairs (host, port) of the servers to begin with."""
        return forms.hosts_and_ports(self.bootstrap)

    @property
    def local(self) -> bool:
        return all(host in LOOPBACK for host, _ in self.hosts)


class Power(_Section, frozen=True, kw_only=True):
    """`ups`: an uninterruptible power supply, as Network UPS Tools call it (`name@host:port`). On its battery nothing
    new is paid; `shutdown_command` is run once that has lasted `shutdown_after_s` (0: however long), once less than
    `shutdown_percent` is left, or the server announces the end; empty: the tools themselves see to it."""

    ups: forms.UpsPlace = ""
    shutdown_after_s: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 0
    shutdown_percent: Annotated[int, msgspec.Meta(ge=0, le=95)] = 20
    shutdown_command: Annotated[list[forms.Word], msgspec.Meta(max_length=16)] = []


class StandbySection(_Section, frozen=True, kw_only=True):
    """`folder`: on another disk; there the database stands a second time, a moment behind, and a backup of every hour:
    the last `keep_hours` of them, and the last of each of the last `keep_days`. Empty: neither."""

    folder: forms.Folder = ""
    keep_hours: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 48
    keep_days: Annotated[int, msgspec.Meta(ge=1, le=400)] = 30


class Traces(_Section, frozen=True, kw_only=True):
    """`url`: where a collector of OpenTelemetry takes traces over HTTP (`http://127.0.0.1:4318/v1/traces`)."""

    url: forms.UrlOrNone = ""


class Log(_Section, frozen=True, kw_only=True):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class Report(_Section, frozen=True, kw_only=True):
    """`to`: who gets each day's report by mail, through the server of `[alarms.email]`."""

    to: Annotated[list[forms.MailAddress], msgspec.Meta(max_length=16)] = []
    language: Literal["ru", "en"] = "ru"


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
    terminal: CardTerminal = CardTerminal()
    sbp: Sbp = Sbp()
    fiscal: Fiscal | list[Fiscal] = Fiscal()
    robot: Robot = Robot()
    cells: Cells = Cells()
    lots: Lots = Lots()
    sms: Sms = Sms()
    push: Push = Push()
    taxes: list[Tax] = []
    terminals: list[Terminal] = msgspec.field(
        default_factory=lambda: [Terminal(id="kiosk-1", name="Киоск 1", automat_number="1")]
    )
    webhooks: list[Webhook] = []
    service: Service = Service()
    display: Display = Display()
    keep: Keep = Keep()
    broker: Broker = Broker()
    alarms: Alarms = Alarms()
    report: Report = Report()
    power: Power = Power()
    standby: StandbySection = StandbySection()
    traces: Traces = Traces()
    log: Log = Log()

    @property
    def registrars(self) -> list[Fiscal]:
        """Each with its name: `fiscal-1`, `fiscal-2`, … by its place where none is given."""
        rows = self.fiscal if isinstance(self.fiscal, list) else [self.fiscal]
        return [msgspec.structs.replace(row, name=row.name or f"fiscal-{n}") for n, row in enumerate(rows, 1)]

    def pays_by(self, method: str) -> bool:
        return method in self.payment.methods

    def receipt_order(self, method: str) -> str:
        """When the receipt of a way to pay is printed: before or after the money."""
        named: str = getattr(self.payment.receipt, method)
        return named or self.registrars[0].receipt

    @property
    def mails(self) -> bool:
        """Whether a mail server is used at all."""
        return self.alarms.mails or bool(self.report.to)

    @property
    def is_demo(self) -> bool:
        """Any device that is simulated and used makes this a demo."""
        lines = [*(registrar.where for registrar in self.registrars), self.robot.port]
        lines += [self.bank.url] if self.pays_by("token") else []
        lines += [self.terminal.port] if self.pays_by("terminal") else []
        lines += [self.sbp.url] if self.pays_by("sbp") else []
        return SIM in lines
