"""The customers' notices as data, and when a message that failed is tried again."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.catalogue import load_notices
from kiosk.domain.backoff import retry_delay_s
from kiosk.domain.menu.rows import MenuError
from kiosk.domain.ordering.notice import Template, Words, fill, roubles
from kiosk.domain.text import Text

DEMO = Path(__file__).parents[2] / "kiosk" / "demo" / "notices.toml"


@pytest.mark.parametrize(
    ("failures", "nominal_s"), [(1, 1), (2, 5), (3, 30), (4, 300), (5, 1800), (6, 3600), (7, 3600), (10_000, 3600)]
)
def test_a_failed_message_is_tried_again_by_the_schedule_then_hourly(failures: int, nominal_s: float) -> None:
    delays = {retry_delay_s(failures, f"message-{n}") for n in range(100)}
    assert len(delays) > 90
    assert nominal_s <= min(delays)
    assert max(delays) <= nominal_s * 1.1


@pytest.mark.parametrize(
    ("kopecks", "ru", "en"), [(41000, "410 ₽", "410 ₽"), (41050, "410,50 ₽", "410.50 ₽"), (5, "0,05 ₽", "0.05 ₽")]
)
def test_a_sum_is_written_as_its_reader_writes_it(kopecks: int, ru: str, en: str) -> None:
    assert (roubles(kopecks, "ru"), roubles(kopecks, "en")) == (ru, en)


def test_what_fills_a_template_is_never_a_template_itself() -> None:
    template = Template(Text("{restaurant}", "{restaurant}"), Text("{restaurant} {code}", "{code}"))
    assert fill(template, "ru", restaurant="{code}", code="1") == Words("{code}", "{code} 1")


def test_every_demo_notice_fits_a_few_sms_in_both_languages() -> None:
    notices = load_notices(None)
    for name in notices.__struct_fields__:
        template = getattr(notices, name)
        for language in ("ru", "en"):
            words = fill(
                template,
                language,
                restaurant="Огонёк",
                code="123456",
                number="А-12",
                minutes="12",
                cells="3, 4",
                sum="410 ₽",
                points="20",
            )
            assert 0 < len(words.title) < 50
            assert 0 < len(words.body) <= 134, (name, language)  # two parts of 67 characters
            assert "{" not in words.title + words.body


def test_a_site_may_bring_its_own_notices_beside_its_menu(tmp_path: Path) -> None:
    menu = tmp_path / "menu.toml"
    assert load_notices(menu) == load_notices(None)
    (tmp_path / "notices.toml").write_text(DEMO.read_text("utf-8").replace("Код для входа в", "Ваш код для"), "utf-8")
    assert load_notices(menu).code.body.ru.startswith("Ваш код для")


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("{code}", "{cod}", "code: nothing fills cod"),
        ("{minutes}", "{cells}", "accepted: nothing fills cells"),
        ("{number}", "{number", "notices.toml"),
        ("{number}", "{number:d}", "accepted"),
        ("[refunded]", "[returned]", "returned"),
        ("title = ", "titel = ", "titel"),
    ],
)
def test_a_slip_in_the_notices_stops_the_start(tmp_path: Path, before: str, after: str, complaint: str) -> None:
    (tmp_path / "notices.toml").write_text(DEMO.read_text("utf-8").replace(before, after), "utf-8")
    with pytest.raises(MenuError, match=complaint):
        load_notices(tmp_path / "menu.toml")
