"""What settings have to do with each other; each function yields one line for each problem."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from urllib.parse import urlsplit

from kiosk.config.alarms import problems_of_alarms
from kiosk.config.forms import SIM
from kiosk.config.problems import problem
from kiosk.config.settings import Bank, Broker, Cells, Config, Fiscal, Lots, MenuSection

#: Registers whose documents this process cannot carry, and what to set up instead.
_CARRIED_OTHERWISE: Mapping[str, str] = MappingProxyType(
    {
        "atol": (
            "the kiosk carries documents of driver shtrih only. Give the register its own network and write "
            '"device", or install ATOL\'s driver 10 with its Ethernet over USB service (OfdChannel = 1) and write '
            '"external": docs/ofd.md'
        ),
        "atol-web": (
            "the kiosk carries documents of driver shtrih only. Let the web server carry them (OfdChannel = 2 in its "
            'settings of the device) and write "external", or the register\'s own network and write "device": '
            "docs/ofd.md"
        ),
    }
)
_BEFORE = "before_payment"
#: By bank of QR payments, what names the shop and what it proves itself by.
_SBP_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"tbank": ("terminal_key", "password_file"), "raif": ("merchant_id", "key_file")}
)
#: A payment screen goes back to the start after so long without an answer (`RELEASE_AFTER_MS` of the page).
SCREEN_WAITS_S = 300


def problems_of(config: Config) -> list[str]:
    return [
        *_webhooks(config),
        *_countries(config.sms.countries),
        *_languages(config.menu.languages),
        *_menu_cloud(config.menu),
        *_terminals(config),
        *_methods(config),
        *_sbp(config),
        *_reader(config),
        *_bank(config.bank),
        *_registrars(config),
        *_paper(config),
        *_cashless(config),
        *_cells(config.cells),
        *_lots(config.lots),
        *_broker(config.broker),
        *problems_of_alarms(config.alarms),
    ]


def _repeated(where: str, key: str, values: Sequence[str]) -> Iterator[str]:
    for n, value in enumerate(values):
        if value in values[:n]:
            yield problem(f"{where}[{n}].{key}", f"{value!r} stands at {where}[{values.index(value)}] already")


def _webhooks(config: Config) -> Iterator[str]:
    urls = [webhook.url for webhook in config.webhooks]
    for n, url in enumerate(urls):
        if (first := next(k for k, other in enumerate(urls) if _same(other) == _same(url))) < n:
            yield problem(f"$.webhooks[{n}].url", f"{url!r} leads where $.webhooks[{first}] leads already")


def _same(text: str) -> str:
    """One spelling for every address that leads to the same place (RFC 3986 6.2.2, 6.2.3)."""
    parts = urlsplit(text)
    port = parts.port if parts.port is not None else {"http": 80, "https": 443}.get(parts.scheme)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{(parts.hostname or '').rstrip('.')}:{port}{parts.path or '/'}{query}"


def _countries(countries: Sequence[str]) -> Iterator[str]:
    for n, country in enumerate(countries):
        if country in countries[:n]:
            yield problem(f"$.sms.countries[{n}]", f"{country!r} stands there already")


def _languages(languages: Sequence[str]) -> Iterator[str]:
    """Russian is what a page begins with, and what a receipt says."""
    if "ru" not in languages:
        yield problem("$.menu.languages", "'ru' is missing")
    for n, language in enumerate(languages):
        if language in languages[:n]:
            yield problem(f"$.menu.languages[{n}]", f"{language!r} stands there already")


def _menu_cloud(menu: MenuSection) -> Iterator[str]:
    if menu.url and not menu.secret_file:
        yield problem("$.menu.secret_file", "is missing: a menu from the cloud is signed")
    if menu.secret_file and not menu.url:
        yield problem("$.menu.url", "is missing: nobody is asked for a menu")


def _terminals(config: Config) -> Iterator[str]:
    if not config.terminals:
        yield problem("$.terminals", "at least one terminal")
    yield from _repeated("$.terminals", "id", [terminal.id for terminal in config.terminals])
    if config.restaurant.settlement == "automat":
        for n, terminal in enumerate(config.terminals):
            if not terminal.automat_number:
                yield problem(f"$.terminals[{n}].automat_number", "an automat needs its number (FFD tag 1036)")


def _methods(config: Config) -> Iterator[str]:
    for n, method in enumerate(config.payment.methods):
        if method in config.payment.methods[:n]:
            yield problem(f"$.payment.methods[{n}]", f"{method!r} stands there already")


def _paper(config: Config) -> Iterator[str]:
    """What is printed before the money, and what does not go with that."""
    rows = config.registrars
    for n, row in enumerate(rows[1:], 1):
        for key in ("receipt", "on_refusal", "unpaid_per_visitor", "unpaid_per_hour"):
            if getattr(row, key) != getattr(rows[0], key):
                yield problem(f"$.fiscal[{n}].{key}", "must be the same for every registrar")
    first = [method for method in config.payment.methods if rows and config.receipt_order(method) == _BEFORE]
    if first and config.payment.on_fiscal_failure == "defer":
        yield problem("$.payment.on_fiscal_failure", '"defer" takes money without a receipt: not before_payment')
    paperless = first and any(row.paperless_with_contact for row in rows)
    if paperless:
        yield problem("$.fiscal.paperless_with_contact", "before_payment is about a receipt on paper")


def _cashless(config: Config) -> Iterator[str]:
    """The tasks of ATOL's driver have no public word for it."""
    told = [name for name in ("token", "terminal", "sbp") if getattr(config.payment.cashless, name) >= 0]
    for row in config.registrars:
        if told and row.driver == "atol-web":
            yield problem(f"$.payment.cashless.{told[0]}", "a registrar by atol-web cannot say it on its receipts")
            return


def _bank(row: Bank) -> Iterator[str]:
    if row.driver != "yookassa":
        if row.shop_id:
            yield problem("$.bank.shop_id", f"belongs to driver yookassa, not to {row.driver}")
        return
    if row.url == SIM or urlsplit(row.url).scheme == "http":
        return
    for key in ("shop_id", "merchant_key_file"):
        if not getattr(row, key):
            yield problem(f"$.bank.{key}", "is missing")


def _sbp(config: Config) -> Iterator[str]:
    row = config.sbp
    if row.screen_s >= SCREEN_WAITS_S:
        yield problem("$.sbp.screen_s", f"the screen goes to the next guest after {SCREEN_WAITS_S} s")
    if row.due_s < row.screen_s:
        yield problem("$.sbp.due_s", f"the bank takes no money for a code that is shown {row.screen_s:g} s")
    for driver, keys in _SBP_KEYS.items():
        for key in keys:
            if driver != row.driver and getattr(row, key):
                yield problem(f"$.sbp.{key}", f"belongs to driver {driver}, not to {row.driver}")
    if not config.pays_by("sbp") or row.url == SIM or urlsplit(row.url).scheme == "http":
        return
    for key in _SBP_KEYS[row.driver]:
        if not getattr(row, key):
            yield problem(f"$.sbp.{key}", "is missing")


def _reader(config: Config) -> Iterator[str]:
    """Where it is found goes with what it is."""
    row = config.terminal
    if row.simulated:
        return
    if row.by_url is not row.port.startswith(("http://", "https://")):
        wanted = "the address of DualConnector, like http://127.0.0.1:9015/" if row.by_url else "a line"
        yield problem("$.terminal.port", f"driver {row.driver} wants {wanted}")


def _registrars(config: Config) -> Iterator[str]:
    rows = config.registrars
    if not rows:
        yield problem("$.fiscal", "at least one registrar")
    yield from _repeated("$.fiscal", "name", [row.name for row in rows])
    if sum(row.simulated for row in rows) > 1:
        yield problem("$.fiscal", "only one of several registrars can be simulated")
    if len(rows) == 1 and rows[0].fallback:
        yield problem("$.fiscal.fallback", "there is no other registrar to fall back from")
    for n, row in enumerate(rows):
        yield from _ways(f"$.fiscal[{n}]" if isinstance(config.fiscal, list) else "$.fiscal", row)
    lines = [(f"$.fiscal[{n}]", row.where) for n, row in enumerate(rows) if not row.simulated]
    lines += [] if config.robot.simulated else [("$.robot.port", config.robot.port)]
    if config.pays_by("terminal") and not config.terminal.simulated and not config.terminal.by_url:
        lines.append(("$.terminal.port", config.terminal.port))
    for n, (where, line) in enumerate(lines):
        if found := [other for other, leads_to in lines[:n] if leads_to == line]:
            yield problem(where, f"{line!r} is that of {found[0]} already")


def _ways(where: str, row: Fiscal) -> Iterator[str]:
    """What is said of a way to the device that the driver does not go is meant otherwise."""
    web = row.driver == "atol-web"
    if not web and row.url not in ("", SIM):
        yield problem(f"{where}.url", f"belongs to driver atol-web, not to {row.driver}")
    if web and not row.url and row.port != SIM:
        yield problem(f"{where}.url", "is missing: driver atol-web goes by url, not by port")
    if row.driver != "shtrih" and row.protocol != 1:
        yield problem(f"{where}.protocol", f"belongs to driver shtrih, not to {row.driver}")
    if row.ofd == "host" and row.driver != "shtrih":
        words = _CARRIED_OTHERWISE.get(row.driver, "the kiosk carries documents of driver shtrih only: docs/ofd.md")
        yield problem(f"{where}.ofd", words)


def _cells(cells: Cells) -> Iterator[str]:
    """Guest, staff, the end: in this order."""
    if not cells.remind_s < cells.call_staff_s:
        yield problem("$.cells.call_staff_s", f"must be more than $.cells.remind_s ({cells.remind_s})")
    if not cells.call_staff_s < cells.hold_s:
        yield problem("$.cells.hold_s", f"must be more than $.cells.call_staff_s ({cells.call_staff_s})")


def _lots(lots: Lots) -> Iterator[str]:
    if lots.warn_s < lots.last_sale_s:
        yield problem("$.lots.warn_s", f"less than last_sale_s ({lots.last_sale_s}): a warning would come too late")


def _broker(broker: Broker) -> Iterator[str]:
    if broker.kind == "none":
        return
    for key in ("bootstrap", "topic"):
        if not getattr(broker, key):
            yield problem(f"$.broker.{key}", "is missing")
    if bool(broker.user) != bool(broker.password_file):
        yield problem("$.broker.user", "a user has a password_file")
