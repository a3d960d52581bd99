"""What cannot be used is refused by `kiosk run` and `kiosk check` alike, line by line, exit 2."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog

from kiosk import cli
from kiosk.config import ConfigError, load
from kiosk.wiring import Kiosk
from tests.restaurant import restaurant, short_folder, test_parts, until


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """`kiosk run` makes the process log to its standard output, which here is the test's."""
    kept = structlog.get_config()
    yield
    structlog.configure(**kept)


Plant = Callable[[Path], str]


@pytest.fixture
def folder() -> Iterator[Path]:
    found = short_folder()
    yield found
    shutil.rmtree(found)


def secret(text: bytes, setting: str) -> Plant:
    def plant(folder: Path) -> str:
        (folder / "secret").write_bytes(text)
        section, key = setting.split(".")
        return f'[{section}]\n{key} = "secret"\n'

    return plant


def a_webhook_with(text: bytes) -> Plant:
    def plant(folder: Path) -> str:
        (folder / "hook").write_bytes(text)
        return '[[webhooks]]\nurl = "https://a.example"\nsecret_file = "hook"\n'

    return plant


def a_folder(name: str, text: str) -> Plant:
    def plant(folder: Path) -> str:
        (folder / name).mkdir(parents=True)
        return text

    return plant


def a_file(name: str, text: str) -> Plant:
    def plant(folder: Path) -> str:
        (folder / name).write_text("")
        return text

    return plant


def plain(text: str) -> Plant:
    return lambda folder: text


def a_link(name: str, target: str, text: str) -> Plant:
    def plant(folder: Path) -> str:
        (folder / name).symlink_to(target)
        return text

    return plant


def two_names_of_one_line(folder: Path) -> str:
    """As udev gives them: a name of its own for the device that is also called ttyUSB0."""
    (folder / "fiscal").symlink_to("/dev/null")
    (folder / "robot").symlink_to("fiscal")
    return '[fiscal]\nport = "fiscal"\n[robot]\nport = "robot"\n'


CASES: dict[str, tuple[Plant, str]] = {
    "a folder is no database": (a_folder("d", '[database]\npath = "d"'), "$.database.path: "),
    "a folder is no lock": (a_folder("k.db.lock", '[database]\npath = "k.db"'), "$.database.path: "),
    "the reserve is no database": (plain('[database]\npath = "k.reserve"'), "$.database.path: "),
    "nothing can be made there": (plain('[database]\npath = "/proc/kiosk/k.db"'), "$.database.path: no place"),
    "a file is no folder": (a_file("f", '[database]\npath = "f/k.db"'), "$.database.path: no place"),
    "too long for a socket": (plain(f'[server]\nsocket = "{"s" * 100}/k.sock"'), "$.server.socket: a socket's path"),
    "a file is no socket": (a_file("mine.txt", '[server]\nsocket = "mine.txt"'), "$.server.socket: "),
    "the socket is no database": (
        plain('[server]\nsocket = "k.db"\n[database]\npath = "k.db"'),
        "$.server.socket: ",
    ),
    "a dish nobody sells": (
        plain('[[taxes]]\nitem = "taa"\nvat = "10"'),
        "$.taxes[0].item: the menu sells no 'taa'; did you mean 'tea'?",
    ),
    "a combo, whose dishes have rates": (
        plain('[[taxes]]\nitem = "combo-lunch"\nvat = "10"'),
        "$.taxes[0].item: 'combo-lunch' is a combo",
    ),
    "no menu": (plain('[menu]\nfile = "menu.toml"'), "$.menu.file: "),
    "a menu that is none": (a_file("menu.toml", '[menu]\nfile = "menu.toml"'), "$.menu.file: "),
    "no pictures": (plain('[menu]\nimages = "pictures"'), "$.menu.images: "),
    "pictures in a file": (a_file("pictures", '[menu]\nimages = "pictures"'), "$.menu.images: "),
    "a file is no port": (a_file("tty", '[fiscal]\nport = "tty"'), "$.fiscal.port: "),
    "a folder is no port": (a_folder("tty", '[robot]\nport = "tty"'), "$.robot.port: "),
    "an address of nobody": (plain('[server]\nhost = "192.0.2.1"'), "$.server.host: cannot listen at 192.0.2.1"),
    "a name of nobody": (plain('[server]\nhost = "nobody.invalid"'), "$.server.host: cannot listen at nobody.invalid"),
    "a database that leads to itself": (a_link("k.db", "k.db", '[database]\npath = "k.db"'), "$.database.path: "),
    "a log that leads to itself": (a_link("k.db-wal", "k.db-wal", '[database]\npath = "k.db"'), "$.database.path: "),
    "a database that leads nowhere": (a_link("k.db", "none/k.db", '[database]\npath = "k.db"'), "$.database.path: "),
    "a folder that leads to itself": (a_link("d", "d", '[database]\npath = "d/k.db"'), "$.database.path: "),
    "a folder that leads nowhere": (a_link("d", "none", '[server]\nsocket = "d/k.sock"'), "$.server.socket: no place"),
    "a socket that leads to itself": (a_link("k.sock", "k.sock", '[server]\nsocket = "k.sock"'), "$.server.socket: "),
    "a socket that leads nowhere": (a_link("k.sock", "none", '[server]\nsocket = "k.sock"'), "$.server.socket: "),
    "the database is no device": (plain('[database]\npath = "data/sim"'), "$.database.path: "),
    "the database is no device's memory": (plain('[database]\npath = "sim/bank.state"'), "$.database.path: "),
    "no folder for devices": (a_file("sim", '[database]\npath = "k.db"'), "$.database.path: "),
    "a folder for devices that leads nowhere": (
        a_link("sim", "none", '[database]\npath = "k.db"'),
        "$.database.path: ",
    ),
    "the socket is no device's": (
        plain('[server]\nsocket = "sim/bank.sock"\n[database]\npath = "k.db"'),
        "$.server.socket: ",
    ),
    "a token that leads nowhere": (a_link("t", "none", '[auth]\nsecret_file = "t"'), "$.auth.secret_file: "),
    "a port that leads to itself": (a_link("tty", "tty", '[robot]\nport = "tty"'), "$.robot.port: "),
    "one line by two names": (two_names_of_one_line, "$.robot.port: "),
    "one line of the network for two": (
        plain('[fiscal]\nport = "tcp://10.0.0.5:502"\n[robot]\nport = "tcp://10.0.0.5:502"'),
        "$.robot.port: 'tcp://10.0.0.5:502' is that of $.fiscal[0] already",
    ),
    "no key": (plain('[bank]\nmerchant_key_file = "none"'), "$.bank.merchant_key_file: "),
    "an empty key": (secret(b"\n", "bank.merchant_key_file"), "$.bank.merchant_key_file: "),
    "a key of two lines": (secret(b"a\r\nX-Evil: b", "sms.key_file"), "$.sms.key_file: "),
    "a key that is no text": (secret(b"\xff\xfe", "sms.key_file"), "$.sms.key_file: "),
    "a short secret": (secret(b"short", "auth.secret_file"), "$.auth.secret_file: at least 32 bytes"),
    "no pin": (plain('[service]\npin_file = "none"'), "$.service.pin_file: "),
    "a short pin": (secret(b"1", "service.pin_file"), "$.service.pin_file: "),
    "a webhook's secret that is none": (a_webhook_with(b"secret"), "$.webhooks[0].secret_file: "),
    "no webhook's secret": (
        plain('[[webhooks]]\nurl = "https://a.example"\nsecret_file = "none"\n'),
        "$.webhooks[0].secret_file: ",
    ),
    "authorities that are none": (
        a_file("ca", '[broker]\nkind = "kafka"\nbootstrap = "b.example:9"\ntopic = "t"\nca_file = "ca"'),
        "$.broker.ca_file: ",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_file_that_cannot_be_what_it_should_be_ends_both_commands_with_2(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant, line = CASES[case]
    (folder / "config.toml").write_text(plant(folder))
    before = sorted(folder.rglob("*"))
    for command in ("check", "run"):
        assert cli.main([command, "--config", str(folder / "config.toml")]) == cli.USAGE
        out, err = capsys.readouterr()
        assert (out, [found[: len(line)] for found in err.splitlines()]) == ("", [line]), command
        assert sorted(folder.rglob("*")) == before, "nothing was opened or made"


def test_every_problem_of_the_files_has_its_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = '[bank]\nmerchant_key_file = "a"\n[sms]\nkey_file = "b"\n[service]\npin_file = "c"\n[menu]\nfile = "d"\n'
    (folder / "config.toml").write_text(text)
    assert cli.main(["check", "--config", str(folder / "config.toml")]) == cli.USAGE
    where = {line.partition(": ")[0] for line in capsys.readouterr().err.splitlines()}
    assert where == {"$.menu.file", "$.service.pin_file", "$.bank.merchant_key_file", "$.sms.key_file"}


# What is taken does not fail later.

ODD_BUT_TAKEN = """
[restaurant]
name = "🍜 «Огонёк» — №1"
legal_name = ""
address = ""
place = ""
phone = ""
ogrn = ""
hours = "00:00-23:59"
timezone = "{zone}"
vat = "5/105"
settlement = "{settlement}"
cashier = "Ёлкина-Сидорова №1"
cashier_inn = "500100732259"
[auth]
token_lifetime_s = 2592000
max_attempts = 100
[auth.limits]
resend_s = 0
sms_per_site_per_day = 0
[bonus]
accrual = 1
max_share = 1.0
[bank]
timeout_s = 3600
abandon_after_s = 86400
[payment]
answer_within_s = 3600
receipt_retry_s = 0.05
hold_limit_s = 86400
[robot]
max_promise_s = 10000000
late_limit_s = 1
[fiscal]
close_at = "23:59"
"""


@pytest.mark.parametrize("driver", ["shtrih", "atol", "atol-web"])
@pytest.mark.parametrize(("zone", "settlement"), [("Pacific/Kiritimati", "automat"), ("Asia/Kathmandu", "attended")])
async def test_odd_settings_that_are_taken_make_a_kiosk_that_knows_its_devices(
    driver: str, zone: str, settlement: str
) -> None:
    extra = ODD_BUT_TAKEN.format(zone=zone, settlement=settlement)
    async with restaurant(extra, registrar=driver, sales_open=False) as place:

        async def examined() -> bool:
            """The registration differs (the drive is another's): told, so the registrar has been looked at."""
            checks = (await place.internal("GET", "/internal/devices")).body["checks"]
            return bool(checks["fiscal"]["ok"] or "registration_mismatch" in checks["fiscal"]["reason"])

        await until(examined)
        assert (await place.guest()).token
        assert not place.kiosk.tasks.failed.done()


# One folder, one kiosk.


@asynccontextmanager
async def running(file: Path) -> AsyncIterator[Kiosk]:
    kiosk = Kiosk(load(file), test_parts())
    await kiosk.start()
    try:
        yield kiosk
    finally:
        await kiosk.stop()


def a_config(folder: Path, name: str, database: str) -> Path:
    file = folder / f"{name}.toml"
    file.write_text(
        f'[server]\nport = 0\nsocket = "{name}.sock"\n[database]\npath = "{database}"\nreserve_mb = 0\n'
        '[log]\nlevel = "error"\n'
    )
    return file


@pytest.mark.parametrize(
    ("database", "words"),
    [("one.db", "is in use by another process"), ("two.db", "belong to another kiosk that runs")],
)
async def test_a_second_kiosk_in_one_folder_is_refused_and_the_first_goes_on(
    folder: Path, database: str, words: str
) -> None:
    async with running(a_config(folder, "one", "one.db")) as first:
        with pytest.raises(ConfigError, match=words) as refusal:
            async with running(a_config(folder, "two", database)):
                pass
        assert str(refusal.value).startswith("$.database.path: ")
        assert first.database.can_write()
    async with running(a_config(folder, "two", database)) as second:  # the first has gone
        assert second.public_port


async def test_a_socket_where_somebody_answers_is_not_taken_over(folder: Path) -> None:
    server = await asyncio.start_unix_server(lambda reader, writer: writer.close(), folder / "two.sock")
    try:
        with pytest.raises(ConfigError, match=r"\$\.server\.socket: another kiosk answers"):
            async with running(a_config(folder, "two", "two.db")):
                pass
        assert (folder / "two.sock").is_socket()
    finally:
        server.close()
    dead = socket.socket(socket.AF_UNIX)
    (folder / "two.sock").unlink(missing_ok=True)
    dead.bind(os.fspath(folder / "two.sock"))
    dead.close()
    async with running(a_config(folder, "two", "two.db")) as kiosk:
        assert kiosk.public_port
