"""An independent client, pyshtrih, lives a day with the simulated registrar over a real pseudo-terminal."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Iterator
from typing import Any

import pyshtrih.device as pyshtrih_device
import pytest
from pyshtrih import excepts

from drivers.fiscal.ffd.tlv import Tlv
from tests import folders
from tests.drivers.register_stand import Stand


@pytest.fixture
def stand(request: pytest.FixtureRequest) -> Iterator[Stand]:
    """A test may ask for another FFD."""
    folder = folders.new()
    stand = Stand(folder, "shtrih", "--ffd", getattr(request, "param", "1.2"))
    stand.start()
    yield stand
    stand.close()
    shutil.rmtree(folder)


@pytest.fixture
def client(stand: Stand) -> Iterator[Any]:
    device = pyshtrih_device.ShtrihM01F(port=stand.port, baudrate=115200, timeout=2)
    device.connect()
    yield device
    device.disconnect()


def kinds(stand: Stand) -> list[tuple[str, int, int]]:
    return [(e["effect"], e["fiscal_document_number"], e["total_kopecks"]) for e in stand.effects()]


def test_a_whole_day_is_lived(stand: Stand, client: Any) -> None:
    assert "М-01Ф" in client.name
    client.beep()
    client.open_shift()
    client.open_check(0)
    client.sale(("Борщ", 2000, 36400), tax1=1)
    client.sale(("Чай", 1000, 9000), tax1=1)
    assert client.close_check(100000).params["Сдача"] == 100000 - 81800
    client.open_check(2)
    client.return_sale(("Чай", 1000, 9000), tax1=1)
    client.close_check(9000)
    client.print_line()
    client.cut()
    client.x_report()

    drive = client.fs_state().params
    assert drive["Номер последнего ФД"] == 4
    assert drive["Состояние смены"] == "смена открыта"
    assert bytes(drive["Номер ФН"]) == b"9999000000000007"
    assert client.fs_info_exchange().params["Количество сообщений для ОФД"] <= 4
    assert client.fs_unconfirmed_document_count().params["Количество неподтверждённых ФД"] <= 4
    shift = client.fs_shift_params().params
    assert (shift["Номер смены"], shift["Номер чека"]) == (1, 2)
    found = client.fs_find_document_by_num(3).params
    assert found["Тип фискального документа"] == 3
    assert int.from_bytes(bytes(found["Данные фискального документа"])[14:19], "little") == 81800
    assert client.fs_expiration_time().params["Срок действия"].year > 2030

    client.z_report()
    assert kinds(stand) == [
        ("shift_opened", 2, 0),
        ("receipt", 3, 81800),
        ("refund_receipt", 4, 9000),
        ("shift_closed", 5, 90800),
    ]
    assert [effect["order_id"] for effect in stand.effects()] == [None] * 4


@pytest.mark.parametrize("stand", ["1.05"], indirect=True)
def test_a_correction_of_totals_is_registered_between_an_x_and_a_z_report(stand: Stand, client: Any) -> None:
    client.open_shift()
    client.x_report()
    client.fs_begin_correction_check()
    client.send_tlv_struct(bytearray(Tlv(1192, b"ord-1").encode()))
    told = client.fs_correction_check(36400, 1).params
    assert told["Номер ФД"] == 3
    assert client.fs_find_document_by_num(3).params["Тип фискального документа"] == 31
    client.x_report()
    client.z_report()
    assert kinds(stand) == [("shift_opened", 2, 0), ("correction", 3, 36400), ("shift_closed", 4, 36400)]
    assert stand.effects()[1]["order_id"] == "ord-1"


def test_the_registers_of_a_shift_count_and_a_z_report_clears_them(stand: Stand, client: Any) -> None:
    client.open_shift()
    client.open_check(0)
    client.sale(("Борщ", 1000, 36400))
    client.close_check(50000)
    client.open_check(2)
    client.return_sale(("Чай", 1000, 9000))
    client.close_check(0, 9000)
    wanted = {193: 36400, 197: 0, 195: 0, 199: 9000, 241: 36400}
    told = {number: client.request_monetary_register(number).params["Содержимое регистра"] for number in wanted}
    assert told == wanted
    counts = [client.request_operational_register(number).params["Содержимое регистра"] for number in (144, 146, 152)]
    assert counts == [1, 1, 4]
    client.income(1000)
    client.repeat()
    client.fs_calculation_state_report()
    client.z_report()
    assert client.request_operational_register(144).params["Содержимое регистра"] == 0
    assert client.request_monetary_register(193).params["Содержимое регистра"] == 0


def test_its_clock_is_set(client: Any) -> None:
    moment = datetime.datetime.fromisoformat("2027-02-03T04:05:06")
    client.set_datetime(moment)
    told = client.full_state().params
    assert told["Дата"] == moment.date()
    assert told["Время"].hour == 4


def test_its_questions_are_answered(client: Any) -> None:
    status = client.full_state().params
    assert status["Режим ФР"].num == 4
    assert status["Подрежим ФР"].num == 0
    assert client.state().params["Режим ФР"].num == 4
    assert client.request_table_structure(17).params["Количество полей"] == 75
    assert client.request_field_structure(2, 2).params["Название поля"] == "Должности и фамилии кассиров"
    assert client.read_table(17, 1, 8, int).params["Значение"] == 1
    client.write_table(17, 1, 8, 5, int)
    assert client.read_table(17, 1, 8, int).params["Значение"] == 5
    assert client.read_exchange_params(0).params["Код скорости обмена"] == 115200
    client.open_drawer()
    client.feed(3, cash_tape=True)


def test_a_refusal_carries_its_code(client: Any) -> None:
    with pytest.raises(excepts.Error) as refusal:
        client.z_report()
    assert refusal.value.code == 0x73
    client.open_shift()
    client.open_check(0)
    with pytest.raises(excepts.OpenCheckError):
        client.open_check(0)
    client.cancel_check()
    client.z_report()


def test_paper_that_ran_out_is_continued(stand: Stand, client: Any) -> None:
    client.open_shift()
    client.open_check(0)
    client.sale(("Борщ", 1000, 36400))
    stand.control(fault="paper_out")
    client.close_check(36400)
    assert client.state().params["Подрежим ФР"].num == 2
    stand.control(fault="paper_out", on=False)
    assert client.state().params["Подрежим ФР"].num == 3
    client.continue_print()
    assert client.state().params["Подрежим ФР"].num == 0
    assert kinds(stand)[-1] == ("receipt", 3, 36400)


@pytest.mark.parametrize("after", ["80", "85", "E0"])
def test_its_blind_repetition_after_a_lost_answer_changes_nothing_twice(stand: Stand, client: Any, after: str) -> None:
    """pyshtrih throws a recovered answer away and goes on: the device must not have run the command twice."""
    client.protocol.serial.timeout = 0.3
    stand.control(fault="lose_answer", after=after)
    steps = (
        client.open_shift,
        lambda: client.open_check(0),
        lambda: client.sale(("Борщ", 1000, 36400)),
        lambda: client.close_check(36400),
    )
    lost = 0
    for step in steps:
        try:
            step()
        except (OSError, excepts.NoConnectionError, excepts.CloseCheckError, excepts.ItemSaleError):
            lost += 1
    assert lost == 1
    assert kinds(stand) == [("shift_opened", 2, 0), ("receipt", 3, 36400)]
