"""config.toml: an empty file is the demo, every key is taken, a mistake names its path."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from drivers.sim.endpoints import Endpoints
from drivers.tap import Tap
from kiosk.clock import SystemClock
from kiosk.config import ConfigError, load
from kiosk.config.secret_files import token_secrets
from kiosk.config.settings import Config, Tax, Terminal, Webhook
from kiosk.domain.staff.alarm_rules import AlarmRule, AlarmRules
from kiosk.wiring.parts import Parts
from kiosk.wiring.registrars import built

EVERY_KEY = """
[restaurant]
name = "Огонёк"
name_en = "Ogonyok"
legal_name_en = "Ogonyok LLC"
address_en = "1 Primernaya Street, Moscow"
receipt_link = "https://ofd.example/{inn}/{fn}/{i}/{fp}?s={s}"
legal_name = "ООО «Огонёк»"
address = "г. Москва, ул. Примерная, д. 1"
place = "Киоск 1"
phone = "+7 800 000-00-00"
inn = "7700000000"
ogrn = "1027700000000"
tax_system = "usn_income"
vat = "none"
settlement = "attended"
internet = true
timezone = "Asia/Yekaterinburg"
hours = "10:00-22:00"
cashier = "Иванова А. А."
cashier_inn = "500100732259"
[server]
host = "127.0.0.1"
port = 8081
socket = "run/kiosk.sock"
[database]
free_floor_mb = 256
reserve_mb = 32
path = "data/kiosk.db"
[menu]
file = "menu/menu.toml"
images = "menu/images"
languages = ["ru", "en", "kk"]
url = "https://cloud.example/menu"
secret_file = "secrets/menu"
poll_s = 60
[auth]
secret_file = "secrets/token"
token_lifetime_s = 600
password_lifetime_s = 120
max_attempts = 3
spend_requires_code = true
consent_version = "2026-01"
limits = { guest_sessions_per_minute = 30 }
[bonus]
accrual = 0.1
max_share = 0.3
[payment]
methods = ["terminal", "token", "sbp", "till"]
till_expires_s = 600
answer_within_s = 30
receipt_retry_s = 45.5
hold_limit_s = 200
on_fiscal_failure = "reverse"
[payment.receipt]
token = "after_payment"
terminal = "before_payment"
sbp = "before_payment"
till = "before_payment"
[payment.cashless]
token = 1
terminal = 2
sbp = 3
[sbp]
driver = "raif"
url = "https://qr.example/api"
terminal_key = ""
password_file = ""
merchant_id = "MA0000000552"
key_file = "secrets/sbp"
refunds_under = "payment"
timeout_s = 8.0
screen_s = 120
due_s = 240
poll_s = 3.0
[bank]
driver = "yookassa"
shop_id = "100500"
hold = false
url = "https://bank.example/api"
merchant_key_file = "secrets/bank"
timeout_s = 10
abandon_after_s = 20
[terminal]
driver = "vtk"
port = "tcp://10.0.0.7:62801"
fin_within_s = 20
sale_s = 60
refunds = "reader"
settle_at = "04:15"
terminal_id = "25201221"
asks_status = true
stores_before_bank = false
lends_network = false
[fiscal]
name = "till"
driver = "shtrih"
port = "/dev/kiosk/fiscal"
url = ""
baudrate = 57600
protocol = 2
password = 30
order_tag = "1084"
key_file = "secrets/atol"
ffd = "1.2"
close_at = "03:30"
slip = false
paperless_with_contact = false
receipt = "before_payment"
on_refusal = "correction"
unpaid_per_visitor = 2
unpaid_per_hour = 12
fallback = false
ofd = "host"
[keep]
sessions_days = 60
keys_days = 3
codes_days = 2
unconfirmed_days = 2
guests_days = 2
contacts_days = 100
customers_days = 400
messages_days = 14
journal_days = 730
temperatures_days = 400
events_days = 40
orders_days = 500
removed_endpoints_days = 30
[[taxes]]
vat = "22"
item = "tea"
service = "dine_in"
subject = 4
valid_from = 2026-01-01
[robot]
port = "/dev/kiosk/robot"
complex = "complex.toml"
baudrate = 115200
unit = 3
speed = 1.0
max_promise_s = 900
late_limit_s = 600
station_wait_s = 300
[cells]
remind_s = 240
call_staff_s = 900
hold_s = 2700
cold_for_s = 60
on_spoiled = "cook_again"
[lots]
required = true
warn_s = 172800
last_sale_s = 600
recall_days = 60
[sms]
url = "https://sms.example"
key_file = "secrets/sms"
countries = ["RU", "BY"]
[push]
url = "http://127.0.0.1:9100"
[[terminals]]
id = "kiosk-1"
name = "У входа"
automat_number = "1001"
[[terminals]]
id = "kiosk-2"
[[webhooks]]
url = "https://cloud.example/events"
secret_file = "secrets/webhook"
events = ["OrderPaidEvent"]
[service]
pin_file = "secrets/pin"
refund_limit_kopecks = 500000
[power]
ups = "ups@127.0.0.1:3493"
shutdown_after_s = 600
shutdown_percent = 30
shutdown_command = ["systemctl", "poweroff"]

[standby]
folder = "other"
keep_hours = 24
keep_days = 7

[traces]
url = "http://127.0.0.1:4318/v1/traces"

[display]
keep_s = 60

[broker]
kind = "kafka"
bootstrap = "broker-1.example:9093, broker-2.example:9093"
topic = "restaurant.events"
ca_file = "secrets/ca.pem"
user = "kiosk-1"
password_file = "secrets/broker"
[alarms]
quiet = "23:00-07:00"
escalate_s = 600
repeat_s = 7200
hold_s = 60
pause_s = 30
per_hour = 6
to = [
  { name = "duty", channel = "sms", address = "+79161234567" },
  { channel = "http", address = "https://messenger.example/bot{secret}/send", level = 2, language = "en", \
secret_file = "secrets/bot", body = '{"text": "{text}"}', content_type = "application/json" },
]
[alarms.rules]
sales_closed = { after_s = 120 }
page_silent = { off = true, urgent = true }
[alarms.email]
host = "mail.example"
port = 587
encryption = "starttls"
sender = "kiosk@mail.example"
user = "kiosk"
password_file = "secrets/mail"
timeout_s = 10
[report]
to = ["boss@mail.example"]
language = "en"
[log]
level = "debug"
format = "console"
"""


def read(folder: Path, text: str) -> Config:
    (folder / "config.toml").write_text(text, "utf-8")
    return load(folder / "config.toml")


def test_an_empty_file_is_the_demo(tmp_path: Path) -> None:
    config = read(tmp_path, "")
    assert config.is_demo
    assert (config.bank.url, config.registrars[0].port, config.robot.port) == ("sim", "sim", "sim")
    assert (config.server.host, config.server.port) == ("127.0.0.1", 8080)
    assert config.menu.file == ""
    assert [terminal.id for terminal in config.terminals] == ["kiosk-1"]


def test_a_missing_file_is_the_demo_too(tmp_path: Path) -> None:
    assert load(tmp_path / "config.toml") == read(tmp_path, "")


def test_every_key_is_taken(tmp_path: Path) -> None:
    config = read(tmp_path, EVERY_KEY)
    assert not config.is_demo
    assert config.restaurant.timezone == "Asia/Yekaterinburg"
    assert (config.auth.limits.guest_sessions_per_minute, config.bonus.accrual) == (30, 0.1)
    assert config.payment.on_fiscal_failure == "reverse"
    assert config.terminals[0] == Terminal(id="kiosk-1", name="У входа", automat_number="1001")
    assert config.webhooks[0].events == ["OrderPaidEvent"]


def test_the_example_file_names_every_key_there_is(tmp_path: Path) -> None:
    written = tomllib.loads(EVERY_KEY)
    known = {name: getattr(read(tmp_path, ""), name) for name in Config.__struct_fields__}
    known |= {"terminals": Terminal(id=""), "webhooks": Webhook(url="", secret_file=""), "taxes": Tax(vat="none")}
    for name, section in known.items():
        keys = written[name][0] if isinstance(written[name], list) else written[name]
        assert set(keys) == set(section.__struct_fields__), name


def test_a_rule_that_is_changed_in_part_is_otherwise_as_it_was(tmp_path: Path) -> None:
    usual, rules = AlarmRules(), read(tmp_path, EVERY_KEY).alarms.rules
    assert rules.sales_closed == AlarmRule(after_s=120, urgent=usual.sales_closed.urgent)
    assert rules.page_silent == AlarmRule(after_s=usual.page_silent.after_s, urgent=True, off=True)
    assert rules.robot_held == usual.robot_held


def test_relative_paths_start_at_the_files_folder(tmp_path: Path) -> None:
    config = read(tmp_path, EVERY_KEY)
    assert config.server.socket == tmp_path / "run/kiosk.sock"
    assert config.database.path == tmp_path / "data/kiosk.db"
    assert (config.menu.file, config.menu.images) == (f"{tmp_path}/menu/menu.toml", f"{tmp_path}/menu/images")
    assert config.menu.secret_file == f"{tmp_path}/secrets/menu"
    secrets = (config.auth.secret_file, config.bank.merchant_key_file, config.sms.key_file, config.service.pin_file)
    assert secrets == tuple(f"{tmp_path}/secrets/{name}" for name in ("token", "bank", "sms", "pin"))
    assert config.sbp.key_file == f"{tmp_path}/secrets/sbp"
    assert config.registrars[0].key_file == f"{tmp_path}/secrets/atol"
    assert config.webhooks[0].secret_file == f"{tmp_path}/secrets/webhook"
    assert config.alarms.to[1].secret_file == f"{tmp_path}/secrets/bot"
    assert config.alarms.email.password_file == f"{tmp_path}/secrets/mail"
    assert (config.broker.ca_file, config.broker.password_file) == (
        f"{tmp_path}/secrets/ca.pem",
        f"{tmp_path}/secrets/broker",
    )


def test_absolute_paths_stay(tmp_path: Path) -> None:
    config = read(tmp_path, '[database]\npath = "/srv/kiosk.db"\n[auth]\nsecret_file = "/run/credentials/token"')
    assert (str(config.database.path), config.auth.secret_file) == ("/srv/kiosk.db", "/run/credentials/token")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('[fiscal]\nbaudrate = "fast"', "$.fiscal.baudrate"),
        ("[fiscal]\nbaudrate = 9600.5", "$.fiscal.baudrate"),
        ("[fiscal]\nbaudrate = true", "$.fiscal.baudrate"),
        ("[server]\nport = []", "$.server.port"),
        ("[server]\nsocket = 5", "$.server.socket"),
        ('[payment]\non_fiscal_failure = "hope"', "$.payment.on_fiscal_failure"),
        ('[fiscal]\nreceipt = "never"', "$.fiscal.receipt"),
        ('[payment.receipt]\nsbp = "later"', "$.payment.receipt.sbp"),
        ("[payment.cashless]\nsbp = 256", "$.payment.cashless.sbp"),
        ('[payment.cashless]\nsbp = 3\n[fiscal]\ndriver = "atol-web"', "$.payment.cashless.sbp"),
        (
            '[payment]\non_fiscal_failure = "defer"\n[fiscal]\nreceipt = "before_payment"',
            "$.payment.on_fiscal_failure",
        ),
        (
            '[fiscal]\nreceipt = "before_payment"\npaperless_with_contact = true',
            "$.fiscal.paperless_with_contact",
        ),
        ("[fiscal]\nunpaid_per_hour = 0", "$.fiscal.unpaid_per_hour"),
        ('[fiscal]\ndriver = "mercury"', "$.fiscal.driver"),
        ('[terminal]\ndriver = "inpas"\nport = "/dev/ttyUSB0"', "$.terminal.port"),
        ('[terminal]\nport = "http://127.0.0.1:9015/"', "$.terminal.port"),
        ('[terminal]\ndriver = "inpas"\nport = "http://10.0.0.5:9015/"', "$.terminal.port"),
        ('[terminal]\nsettle_at = "25:00"', "$.terminal.settle_at"),
        ('[terminal]\nrefunds = "card"', "$.terminal.refunds"),
        ("[terminal]\nsale_s = 0", "$.terminal.sale_s"),
        ('[fiscal]\nofd = "courier"', "$.fiscal.ofd"),
        ('[fiscal]\ndriver = "atol"\nofd = "host"', "$.fiscal.ofd"),
        ('[fiscal]\ndriver = "atol-web"\nofd = "host"', "$.fiscal.ofd"),
        ('[auth.limits]\nguest_sessions_per_minute = "many"', "$.auth.limits.guest_sessions_per_minute"),
        ('[[terminals]]\nname = "without an id"', "$.terminals[0].id"),
        ('[restaurant]\ntimezone = "Mars/Olympus"', "$.restaurant.timezone"),
        ('[restaurant]\ntimezone = "../../etc/passwd"', "$.restaurant.timezone"),
        ("terminals = []", "$.terminals"),
        ('[[terminals]]\nid = "a"', "$.terminals[0].automat_number"),
        (
            '[restaurant]\nsettlement = "attended"\n[[terminals]]\nid = "a"\n[[terminals]]\nid = "a"',
            "$.terminals[1].id",
        ),
        ('[fiscal]\ndriver = "atol-web"\nurl = "http://atol.example:16732"', "$.fiscal.url"),
        ('[broker]\nkind = "kafka"\ntopic = "events"', "$.broker.bootstrap"),
        ('[broker]\nkind = "kafka"\ntopic = "events"\nbootstrap = "broker.example"', "$.broker.bootstrap"),
        ('[broker]\nkind = "kafka"\ntopic = "events"\nbootstrap = "a:9092,user@b:9092"', "$.broker.bootstrap"),
        ('[broker]\nkind = "kafka"\ntopic = "events"\nbootstrap = "a:99999"', "$.broker.bootstrap"),
        ('[broker]\nkind = "kafka"\nbootstrap = "a:9092"', "$.broker.topic"),
        ('[broker]\nkind = "kafka"\nbootstrap = "a:9092"\ntopic = "a b"', "$.broker.topic"),
        ('[broker]\nkind = "kafka"\nbootstrap = "a:9092"\ntopic = "t"\nuser = "u"', "$.broker.user"),
        ('[power]\nups = "a b@host"', "$.power.ups"),
        ('[power]\nups = "ups@host:99999"', "$.power.ups"),
        ('[power]\nshutdown_command = ["systemctl", ""]', "$.power.shutdown_command[1]"),
        ("[power]\nshutdown_percent = 100", "$.power.shutdown_percent"),
        ('[bank]\nurl = "http://bank.example"', "$.bank.url"),
        ('[sms]\nurl = "http://10.0.0.5"', "$.sms.url"),
        ('[menu]\nlanguages = ["ru", "kz"]', "$.menu.languages[1]"),
        ('[menu]\nlanguages = ["kk", "en"]', "$.menu.languages"),
        ('[menu]\nurl = "https://cloud.example/menu"', "$.menu.secret_file"),
        ('[menu]\nsecret_file = "menu.secret"', "$.menu.url"),
        ('[menu]\nurl = "http://cloud.example/menu"\nsecret_file = "a"', "$.menu.url"),
        ('[menu]\nurl = "https://cloud.example/menu"\nsecret_file = "a"\npoll_s = 5', "$.menu.poll_s"),
        ('[menu]\nlanguages = ["ru", "ru"]', "$.menu.languages[1]"),
        ("[menu]\nlanguages = []", "$.menu.languages"),
        ('[sms]\ncountries = ["RU", "Russia"]', "$.sms.countries[1]"),
        ('[sms]\ncountries = ["XX"]', "$.sms.countries[0]"),
        ('[sms]\ncountries = ["RU", "RU"]', "$.sms.countries[1]"),
        ("[sms]\ncountries = []", "$.sms.countries"),
        ('[restaurant]\nreceipt_link = "http://ofd.example/{fp}"', "$.restaurant.receipt_link"),
        ('[restaurant]\nreceipt_link = "https://ofd.example/receipts"', "$.restaurant.receipt_link"),
        ('[restaurant]\nreceipt_link = "https://ofd.example/{fp}/{kkt}"', "$.restaurant.receipt_link"),
        ('[restaurant]\nreceipt_link = "https://ofd.example/{fp"', "$.restaurant.receipt_link"),
        ('[restaurant]\nreceipt_link = "https://ofd.example/{fp.imag}"', "$.restaurant.receipt_link"),
        ('[push]\nurl = "ftp://127.0.0.1"', "$.push.url"),
        ('[bank]\nurl = "bank.example"', "$.bank.url"),
        ('[bank]\nurl = "http://127.0.0.1.evil.example"', "$.bank.url"),
        ('[bank]\nurl = "http://127.0.0.1@evil.example"', "$.bank.url"),
        ('[bank]\nurl = "https://[::1"', "$.bank.url"),
        ('[[webhooks]]\nurl = "http://cloud.example"\nsecret_file = "x"', "$.webhooks[0].url"),
        ('[report]\nto = ["boss@mail.example", "ira"]', "$.report.to[1]"),
        *(
            (f"[[alarms.to]]\n{row}", f"$.alarms.to[0].{member}")
            for row, member in (
                ('channel = "sms"\naddress = "112"', "address"),
                ('channel = "email"\naddress = "ira"', "address"),
                ('channel = "pigeon"\naddress = "loft"', "channel"),
                ('channel = "sms"', "address"),
                ('channel = "webhook"\naddress = "https://a.example"', "secret_file"),
                ('channel = "webhook"\naddress = "http://a.example"\nsecret_file = "x"', "address"),
                ('channel = "http"\naddress = "https://a.example"', "body"),
                ('channel = "http"\naddress = "https://a.example/{token}"\nbody = "{text}"', "address"),
                ('channel = "http"\naddress = "https://a.example/{secret}"\nbody = "{text}"', "secret_file"),
                ('channel = "sms"\naddress = "+79161234567"\nbody = "{text}"', "body"),
                ('channel = "sms"\naddress = "+79161234567"\nsecret_file = "x"', "secret_file"),
                ('channel = "sms"\naddress = "+79161234567"\nlevel = 3', "level"),
                ('channel = "sms"\naddress = "+79161234567"\nname = "Дежурный"', "name"),
            )
        ),
        ("[alarms.rules.sales_closed]\nafter_s = -1", "$.alarms.rules.sales_closed.after_s"),
        ('[alarms.email]\nhost = "mail.example"\nencryption = "none"', "$.alarms.email.encryption"),
        ('[alarms.email]\nuser = "kiosk"', "$.alarms.email.user"),
        ('[alarms]\nquiet = "at night"', "$.alarms.quiet"),
    ],
)
def test_a_mistake_names_its_path(tmp_path: Path, text: str, path: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(tmp_path, text)
    assert [line.partition(": ")[0] for line in refusal.value.problems] == [path]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("[fiscal]\nbaudrat = 9600", "$.fiscal.baudrat"),
        ("[restaurants]", "$.restaurants"),
        ("[auth.limits]\nlogins = 1", "$.auth.limits.logins"),
        ("[alarms.rules.sales_close]", "$.alarms.rules.sales_close"),
        ('[[terminals]]\nid = "a"\nplace = "b"', "$.terminals[0].place"),
        ('[bank]\nmerchant_key = "a secret in the file"', "$.bank.merchant_key"),
    ],
)
def test_an_unknown_key_names_its_path(tmp_path: Path, text: str, path: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(tmp_path, text)
    assert str(refusal.value).startswith(f"{path}: unknown key")


@pytest.mark.parametrize(
    ("text", "where", "simulated"),
    [
        ("", "sim", True),
        ('driver = "atol"', "sim", True),
        ('driver = "atol"\nport = "/dev/atol"', "/dev/atol", False),
        ('driver = "atol-web"', "sim", True),
        ('driver = "atol-web"\nurl = "https://till.example:16732"', "https://till.example:16732", False),
    ],
)
def test_the_registrar_is_simulated_unless_its_own_way_is_named(
    tmp_path: Path, text: str, where: str, simulated: bool
) -> None:
    (registrar,) = read(tmp_path, f"[fiscal]\n{text}").registrars
    assert (registrar.where, registrar.simulated) == (where, simulated)


@pytest.mark.parametrize("host", ["127.0.0.1:9000", "localhost:9000", "[::1]:9000"])
def test_plain_http_is_taken_for_this_machine(tmp_path: Path, host: str) -> None:
    assert read(tmp_path, f'[bank]\nurl = "http://{host}"').bank.url == f"http://{host}"


def test_several_registrars_have_names_of_their_own(tmp_path: Path) -> None:
    rows = "\n".join(f'[[fiscal]]\nport = "/dev/{line}"' for line in "abc")
    three = read(tmp_path, f'{rows}\nname = "spare"').registrars
    assert [row.name for row in three] == ["fiscal-1", "fiscal-2", "spare"]
    clock = SystemClock()
    taps = {row.name: Tap(clock.now, clock.monotonic) for row in three}
    assert list(built(three, Parts(), Endpoints(), ZoneInfo("Europe/Moscow"), taps)) == [
        "fiscal-1",
        "fiscal-2",
        "spare",
    ]
    with pytest.raises(ConfigError, match=r"\$\.fiscal\[1\]\.name"):
        read(tmp_path, '[[fiscal]]\nname = "a"\nport = "/dev/a"\n[[fiscal]]\nname = "a"\nport = "/dev/b"')
    with pytest.raises(ConfigError, match=r"\$\.fiscal\[1\]\.name"):
        read(tmp_path, '[[fiscal]]\nname = "fiscal-2"\nport = "/dev/a"\n[[fiscal]]\nport = "/dev/b"')
    with pytest.raises(ConfigError, match="only one of several"):
        read(tmp_path, "[[fiscal]]\n[[fiscal]]")


@pytest.mark.parametrize("close_at", ["3", "25:00", "noon"])
def test_hour_of_closing_is_a_time_of_day(tmp_path: Path, close_at: str) -> None:
    with pytest.raises(ConfigError, match="close_at"):
        read(tmp_path, f'[fiscal]\nclose_at = "{close_at}"')


def test_one_registrar_may_be_written_as_a_list(tmp_path: Path) -> None:
    assert read(tmp_path, '[[fiscal]]\nport = "/dev/a"').registrars[0].port == "/dev/a"


@pytest.mark.parametrize("raw", [b"[fiscal", b"\xff\xfe", b"a = 1\na = 2"])
def test_what_is_no_toml_is_refused_by_the_files_name(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "config.toml").write_bytes(raw)
    with pytest.raises(ConfigError, match=r"config\.toml"):
        load(tmp_path / "config.toml")


def test_a_development_run_makes_its_secret_for_the_owner_alone(tmp_path: Path) -> None:
    config = read(tmp_path, '[auth]\nsecret_file = "secrets/token"')
    made = token_secrets(config, {})
    file = tmp_path / "secrets/token"
    assert [len(key) >= 32 for key in made] == [True]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert token_secrets(config, {}) == made


def test_without_a_name_the_secret_lies_beside_the_database(tmp_path: Path) -> None:
    token_secrets(read(tmp_path, '[database]\npath = "data/kiosk.db"'), {})
    assert (tmp_path / "data/token.secret").exists()


def test_a_terminal_that_is_a_unit_itself_is_a_development_run(tmp_path: Path) -> None:
    assert token_secrets(read(tmp_path, '[auth]\nsecret_file = "token"'), {"INVOCATION_ID": "x"})


def test_under_systemd_a_missing_secret_is_refused(tmp_path: Path) -> None:
    config = read(tmp_path, '[auth]\nsecret_file = "token"')
    with pytest.raises(ConfigError, match=r"\$\.auth\.secret_file"):
        token_secrets(config, {"NOTIFY_SOCKET": "/run/systemd/notify"})
    assert not (tmp_path / "token").exists()


def test_under_systemd_a_secret_that_exists_is_read(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("k" * 32 + "\n")
    config = read(tmp_path, '[auth]\nsecret_file = "token"')
    assert token_secrets(config, {"NOTIFY_SOCKET": "/run/systemd/notify"}) == (b"k" * 32,)


def test_a_new_key_stands_before_the_one_it_follows(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"  {'new key ' * 5}\n\n{'o' * 32}\n")
    found = token_secrets(read(tmp_path, '[auth]\nsecret_file = "token"'), {})
    assert found == (b"new key " * 4 + b"new key", b"o" * 32)


@pytest.mark.parametrize("text", ["", "k" * 31, "k" * 31 + "\n", " " * 40, "k" * 32 + "\n" + "k" * 31])
def test_a_short_secret_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "token").write_text(text)
    with pytest.raises(ConfigError, match="at least 32 bytes"):
        token_secrets(read(tmp_path, '[auth]\nsecret_file = "token"'), {})
