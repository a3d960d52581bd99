"""What `kiosk robot certify` says: each clause of the robot's contract, and what was found (robot.md#clauses)."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.domain.text import Text

OUTCOMES: Mapping[str, Text] = {
    "kept": Text("соблюдён", "kept"),
    "broken": Text("НАРУШЕН", "BROKEN"),
    "not_examined": Text("не проверен", "not examined"),
}
CLAUSES: Mapping[str, Text] = {
    "frames": Text(
        "на чужой, испорченный или обрезанный запрос ответа нет, следующий понят",
        "a foreign, spoilt or cut request gets no answer, the next one does",
    ),
    "addresses": Text("чего нет в карте, того не прочесть", "what is not in the map cannot be read"),
    "health": Text("комплекс называет себя, и его сердце бьётся", "the complex names itself and its heart beats"),
    "heads": Text("заголовки таблиц сходятся со сводкой", "heads of tables agree with health"),
    "inputs": Text("дискретные входы сходятся с признаками", "discrete inputs agree with the flags"),
    "mailbox": Text("испорченный приказ отвергнут, ничего не сделано", "a spoilt order is refused, nothing is done"),
    "acknowledgement": Text("на что отвечено, то и сделано", "what is answered is done"),
    "sequence": Text("приказ не по очереди отвергнут", "an order out of its sequence is refused"),
    "repeats": Text("повтор приказа ничего не делает ещё раз", "an order repeated does nothing again"),
    "chart": Text(
        "другая технологическая карта отвергнута, записанная остаётся",
        "another process chart is refused, the staged one stays",
    ),
    "states": Text("состояния меняются, как велит PackML", "states change as PackML says"),
    "heartbeat": Text("без контроллера заказы не принимаются", "without a controller no job is taken"),
    "full": Text("в полную таблицу задание не принято", "a full table takes no job"),
    "cancel": Text("отменяется только то, что в очереди", "only what is queued is cancelled"),
    "release": Text("чужое и незаконченное не освобождается", "what is another's or not over is not released"),
    "generations": Text("изменилось содержание, изменилось и поколение", "new contents have a new generation"),
    "material": Text("продукты списаны один раз и по рецепту", "material is taken once and by the formula"),
    "ready": Text("готово, только когда еда в ячейке", "ready only with the food in its cell"),
    "cells": Text("ячейка открывается только своему заданию", "a cell opens for its own job only"),
    "sharing": Text(
        "в одной ячейке порции одного заказа, и забирают их вместе",
        "a cell holds portions of one order, and they leave it together",
    ),
    "once": Text("одно задание готовится один раз", "a job is taken once"),
    "memory": Text("отключение питания ничего не стирает", "a power cut erases nothing"),
    "interrupted": Text("прерванное само не начинается снова", "what was interrupted is not begun again"),
    "stored": Text("что подтверждено, то уже записано", "what is acknowledged is stored already"),
    "load": Text(
        "много заданий сквозь помехи: ничего дважды, ничего не пропало",
        "many jobs through trouble: nothing twice, nothing lost",
    ),
}
#: What ended an examination, and why a complex cannot be examined now.
CODES: Mapping[str, Text] = {
    "answered_anyway": Text("ответил, хотя не должен был", "it answered and should not have"),
    "taken_anyway": Text("выполнил, хотя не должен был", "it took what it should not have"),
    "wrong_exception": Text("отказал не тем кодом исключения", "it refused with another exception code"),
    "bad_block": Text("регистры не такие, как в карте", "registers are not as the map says"),
    "not_readable": Text("регистры не читаются", "registers cannot be read"),
    "not_the_same": Text("серийный номер или счётчик включений не тот", "another serial number or boot counter"),
    "no_heartbeat": Text("счётчик жизни стоит", "its heartbeat stands still"),
    "no_echo": Text("не повторяет наш счётчик жизни", "it does not echo our heartbeat"),
    "heartbeat_refused": Text("не принимает наш счётчик жизни", "it refuses our heartbeat"),
    "never_at_rest": Text("таблица меняется при каждом чтении", "the block changes at every reading"),
    "head_differs": Text("заголовок не сходится со сводкой", "the head differs from health"),
    "rows_beyond_count": Text("за последней строкой не пусто", "there is something behind the last row"),
    "inputs_differ": Text("вход и признак не сходятся", "an input and its flag differ"),
    "not_refused": Text("не отверг", "it did not refuse"),
    "health_changed": Text("отверг, но сводка изменилась", "it refused, and health changed"),
    "row_differs": Text("строка задания не та, что послана", "the job's row is not what was sent"),
    "not_acknowledged": Text("сводка не показывает приказ", "health does not show the order"),
    "not_accepted": Text("не принял исправное задание", "it did not take a job that is in order"),
    "repeat_refused": Text("отверг повтор вместо подтверждения", "it refused a repetition"),
    "repeat_differs": Text("на повтор ответил иначе", "it answered a repetition in another way"),
    "done_twice": Text("выполнил повтор ещё раз", "it did the repetition once more"),
    "stranger_answered": Text(
        "приказ чужого под тем же номером изменил сводку", "a stranger's order of the same number changed health"
    ),
    "wrong_result": Text("ответил не тем результатом", "it answered with another result"),
    "state_not_reached": Text("не пришёл в состояние вовремя", "it did not reach the state in time"),
    "command_refused": Text("отказался от команды", "it refused the command"),
    "table_changed": Text("таблица заданий изменилась", "the job table changed"),
    "not_cancelled": Text("подтвердил отмену и не отменил", "it acknowledged and did not cancel"),
    "released_anyway": Text("освободил, хотя не должен был", "it released what it should not have"),
    "not_released": Text("не освободил строку", "it did not free the row"),
    "same_generation": Text("содержание новое, поколение прежнее", "new contents under the same generation"),
    "not_committed": Text("принял задание и не отложил продукты", "it took the job and committed no material"),
    "taken_wrong": Text("взял не столько, сколько в рецепте", "it took another amount than the formula's"),
    "still_committed": Text("продукты остались отложенными", "material stayed committed"),
    "not_cooked": Text("не приготовил", "it did not cook"),
    "no_food": Text("сказал «готово», а в ячейке пусто", "it said ready, and the cell has no food"),
    "opened_anyway": Text("открыл чужую ячейку", "it opened another's cell"),
    "cell_forgot": Text("ячейка забыла, чья в ней еда", "the cell forgot whose food it holds"),
    "not_opened": Text("не открыл ячейку своему заданию", "it did not open the cell for its job"),
    "never_fetched": Text("ячейка так и не опустела", "the cell never became empty"),
    "never_over": Text("задание не закончилось вовремя", "the job did not end in time"),
    "lost": Text("задание пропало", "a job is lost"),
    "twice": Text("задание стоит дважды", "a job stands twice"),
    "state_changed": Text("состояние задания не то, что было", "the job's state is not what it was"),
    "not_stopped": Text("после включения не остановлен", "not stopped after power-on"),
    "forgot_order": Text("забыл последний приказ", "it forgot the last order"),
    "bin_changed": Text("уровень бункера не тот, что был", "a bin's level is not what it was"),
    "food_forgotten": Text("забыл, что продукты истрачены", "it forgot that food was spent"),
    "begun_again": Text("начал законченное снова", "it began again what was over"),
    "not_stored": Text("подтвердил раньше, чем записал", "it acknowledged before it stored"),
    "interrupted_without_a_cut": Text("прервал без отключения питания", "it interrupted without a power cut"),
    "staging_forgotten": Text("забыл записанную карту после задания", "it forgot the staged chart after a job"),
    "staging_refused": Text("не принял технологическую карту", "it refused the process chart"),
    "no_answer": Text("не отвечает", "no answer"),
    "foreign_answer": Text("отвечает не на то, о чём спросили", "it answers something else"),
    "no_material": Text("не из чего готовить: пополните бункеры", "nothing to cook with: fill the bins"),
    "no_power_switch": Text(
        "питание не отключалось: нужна --power-cut или терминал", "no power was cut: give --power-cut, or a terminal"
    ),
    "power_command": Text("команда --power-cut не удалась", "the command of --power-cut failed"),
    "not_cut": Text("питание не отключили", "the power was not cut"),
    "nothing_queued": Text("ни одно задание не ждало в очереди", "no job waited in the queue"),
    "nothing_cooked": Text("при отключении ничего не готовилось", "nothing was cooking at the cut"),
    "fetched_too_soon": Text("еду забирали слишком быстро", "the food was fetched too soon"),
    "no_shared_cells": Text(
        "в ячейке одна порция: нескольким порциям заказа нужно столько же ячеек",
        "a cell holds one portion: several portions of an order need as many cells",
    ),
    "no_large_cell": Text(
        "ни в одну ячейку не входит больше одной порции", "no cell has room for more than one portion"
    ),
    "apart": Text("развёл порции одного заказа по разным ячейкам", "it put portions of one order into different cells"),
    "mixed": Text("положил вместе то, что не должно лежать вместе", "it put together what must not lie together"),
    "left_behind": Text("из ячейки забрали не всё сразу", "the cell was not emptied of all at once"),
    "depends_on": Text("без другого пункта не проверить", "cannot be seen without another clause"),
    "not_clear": Text("комплекс не освободился от прежних заданий", "the complex did not get rid of earlier jobs"),
    "not_cleared": Text("комплекс не освободился от заданий проверки", "the complex did not get rid of our jobs"),
    "estop": Text("аварийная остановка: сначала осмотрите и снимите", "emergency stop: look and acknowledge first"),
    "foreign_jobs": Text("у комплекса есть чужие задания", "the complex has jobs of somebody else"),
    "cells_taken": Text("в ячейках чужая еда", "cells hold food of somebody else"),
    "controller_present": Text(
        "с комплексом работает другой контроллер: остановите его", "another controller works with the complex: stop it"
    ),
    "kiosk_runs": Text(
        "киоск работает с этим комплексом: остановите его", "the kiosk works with this complex: stop it"
    ),
    "port_missing": Text("порта нет", "there is no such port"),
    "port_busy": Text("порт занят другой программой", "the port is held by another program"),
    "link_lost": Text("связь оборвалась", "the line was lost"),
    "busy": Text("комплекс занят", "the complex is busy"),
    "foreign_map": Text("это не комплекс с нашей картой регистров", "this is no complex with our register map"),
    "device_failure": Text("комплекс сообщает о сбое", "the complex tells of a failure"),
}
#: What is asked of the person who stands there.
ASKED: Mapping[str, Text] = {
    "cut_power": Text("Отключите питание комплекса и включите снова", "Cut the complex's power and switch it on again"),
    "fetch": Text("Заберите еду из ячейки", "Take the food from cell"),
    "jobs": Text("заданий", "jobs"),
}
CERTIFIED = Text("СЕРТИФИКАТ: договор соблюдён", "CERTIFICATE: the contract is kept")
RESERVED = Text("ДОГОВОР НЕ НАРУШЕН, проверено не всё", "THE CONTRACT IS NOT BROKEN, not all of it was examined")
REFUSED = Text("БЕЗ СЕРТИФИКАТА: договор нарушен", "NO CERTIFICATE: the contract is broken")
UNSEEN = Text("БЕЗ СЕРТИФИКАТА: проверить не удалось", "NO CERTIFICATE: it could not be examined")
LEFT = Text("в комплексе остались задания проверки", "jobs of the examination are left in the complex")


def words_of(code: str, language: str) -> str:
    """Of a code; one that has no words is given as it is."""
    return CODES[code].into(language) if code in CODES else code
