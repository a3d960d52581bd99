"""Words of the manager's tables: their names, their columns, and what stands in them by name."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.domain.text import Text

#: Of the figures of a period, in the order in which they are read.
SUMS: Mapping[str, Text] = {
    "revenue_kopecks": Text("выручка, ₽", "revenue, ₽"),
    "orders": Text("оплачено заказов", "orders paid"),
    "average_kopecks": Text("средний чек, ₽", "average order, ₽"),
    "orders_created": Text("создано заказов", "orders created"),
    "orders_completed": Text("выдано заказов", "orders handed out"),
    "orders_refunded": Text("возвращено целиком", "refunded whole"),
    "refunded_kopecks": Text("возвраты, ₽", "refunds, ₽"),
    "bonus_earned": Text("баллов начислено", "points earned"),
    "bonus_spent": Text("баллов списано", "points spent"),
    "bonus_returned": Text("баллов возвращено гостям", "points given back"),
    "bonus_taken_back": Text("начисленных баллов снято", "earned points taken back"),
}
KEPT = Text("готово не позже обещанного, %", "ready no later than promised, %")
OUTSTANDING = Text("баллов у гостей сейчас", "points outstanding now")
TABLES: Mapping[str, Text] = {
    "sums": Text("Итоги", "Sums"),
    "hours": Text("По времени", "By time"),
    "dishes": Text("Блюда", "Dishes"),
    "combos": Text("Комбо", "Combos"),
    "options": Text("Добавки и выбор", "Options"),
    "services": Text("В зале и с собой", "Dine in and take away"),
    "payments": Text("Оплата", "Payments"),
    "refusals": Text("Почему не оплачено", "Why not paid"),
    "minutes": Text("Минуты от оплаты до готовности", "Minutes from paid to ready"),
    "promises": Text("Обещано и сделано", "Promised and kept"),
    "funnel": Text("Путь гостя", "Way of the guest"),
    "left": Text("Где ушли без покупки", "Where they left"),
    "visits": Text("Визиты по экранам", "Visits by screen"),
    "sold_out": Text("Не было в продаже", "Not to be had"),
    "refunds": Text("Возвраты: почему и кто", "Refunds: why and by whom"),
}
NOTES: Mapping[str, Text] = {
    "combos": Text(
        "Деньги за комбо входят и в выручку его блюд.", "What a combo brings is part of its dishes' revenue too."
    ),
    "options": Text(
        "Выручка: насколько добавка подняла цену блюда.", "Revenue: by how much the extra raised the price."
    ),
    "promises": Text(
        "В среднем на заказ, минут от оплаты до готовности; в срок: доля заказов, готовых не позже обещанного.",
        "On average for an order, minutes from payment to readiness; in time: orders ready no later than promised.",
    ),
    "payments": Text(
        "Одобрено: из попыток, на которые банк ответил «да» или «нет»; отменённые гостем и сорванные не в счёт.",
        "Approved: of the attempts to which the bank said yes or no; those that a guest cancelled do not count.",
    ),
    "minutes": Text(
        "Целые минуты, начатая считается; по дню готовности заказа.",
        "Whole minutes, a begun one counts; by the day on which the order was ready.",
    ),
    "funnel": Text(
        "Визиты за экраном без имён: от первого касания до возврата к заставке. «Мой заказ» тоже визит.",
        "Visits at the screens, nobody's name: from the first touch until the first screen is back. Who only looks at"
        " an order is a visit too.",
    ),
    "sold_out": Text(
        "Оценка сверху: минуты без блюда при открытых продажах × его обычная выручка за доступную минуту (28 дней);"
        " часть гостей взяла другое. Пусто: наблюдений меньше 10 часов.",
        "An upper estimate: minutes without the dish while sales were open × what it usually brought in a minute in"
        " which it could be had (28 days); some guests took another dish. Empty: fewer than 10 hours are known.",
    ),
}
COLUMNS: Mapping[str, Text] = {
    "figure": Text("показатель", "figure"),
    "value": Text("значение", "value"),
    "before": Text("период сравнения", "period before"),
    "change": Text("изменение, %", "change, %"),
    "time": Text("время", "time"),
    "orders": Text("заказов", "orders"),
    "revenue": Text("выручка, ₽", "revenue, ₽"),
    "name": Text("название", "name"),
    "quantity": Text("количество", "quantity"),
    "share": Text("доля, %", "share, %"),
    "service": Text("где едят", "service"),
    "method": Text("способ", "way to pay"),
    "attempts": Text("попыток", "attempts"),
    "approved": Text("одобрено", "approved"),
    "declined": Text("отказано банком", "declined by the bank"),
    "rate": Text("одобрено, %", "approved, %"),
    "code": Text("чем кончилось", "what came of it"),
    "reason": Text("причина", "reason"),
    "median": Text("у половины не больше, мин", "half within, min"),
    "p95": Text("у 95 % не больше, мин", "95 % within, min"),
    "day": Text("день", "day"),
    "promised": Text("обещали, мин", "promised, min"),
    "actual": Text("сделали, мин", "took, min"),
    "kept": Text("в срок, %", "in time, %"),
    "step": Text("шаг", "step"),
    "visits": Text("визитов", "visits"),
    "stayed": Text("дальше не пошли", "came no further"),
    "screen": Text("экран", "screen"),
    "terminal": Text("экран", "screen"),
    "paid": Text("с покупкой", "with a purchase"),
    "minutes": Text("минут", "minutes"),
    "lost": Text("упущено, оценка, ₽", "not sold, estimate, ₽"),
    "person": Text("кто", "who"),
    "count": Text("возвратов", "refunds"),
    "amount": Text("сумма, ₽", "sum, ₽"),
}
#: What is told by a word of ours; what is not here is told as it is.
VALUES: Mapping[str, Text] = {
    "promised": Text("обещано", "promised"),
    "actual": Text("сделано", "taken"),
    "dine_in": Text("в зале", "dine in"),
    "take_away": Text("с собой", "take away"),
    "token": Text("картой на экране", "card at the screen"),
    "terminal": Text("картой на терминале", "card at the reader"),
    "sbp": Text("по QR-коду", "QR code"),
    "till": Text("на кассе", "at the till"),
    "payment_declined": Text("не оплачено", "not paid"),
    "bank_unavailable": Text("банк недоступен", "bank away"),
    "payment_method_unavailable": Text("способ оплаты недоступен", "way to pay away"),
    "fiscal_unavailable": Text("касса недоступна", "register away"),
    "ingredients_unavailable": Text("не хватило продуктов", "ingredients gone"),
    "cancelled": Text("гость отменил", "cancelled by the guest"),
    "expired": Text("вышло время", "time was up"),
    "not_started": Text("карту не поднесли", "no card was shown"),
    "code_expired": Text("QR-код не оплачен вовремя", "the code was not paid in time"),
    "hold_ended": Text("банк снял удержание", "its bank let the money go"),
    "too_late": Text("ответ пришёл поздно", "answered too late"),
    "paid_too_late": Text("оплачено слишком поздно", "paid too late"),
    "partial_approval": Text("одобрена часть суммы", "approved in part"),
    "touched": Text("коснулись экрана", "touched the screen"),
    "chosen": Text("выбрали блюдо", "chose a dish"),
    "cart": Text("корзина", "cart"),
    "ordered": Text("создали заказ", "made an order"),
    "paying": Text("начали платить", "began to pay"),
    "paid": Text("оплатили", "paid"),
    "service": Text("где есть", "where to eat"),
    "menu": Text("меню", "menu"),
    "points": Text("баллы", "points"),
    "payment": Text("оплата", "payment"),
    "done": Text("номер заказа", "order number"),
    "track": Text("мой заказ", "my order"),
    "seller": Text("о продавце", "seller"),
    "history": Text("мои заказы", "own orders"),
    "sold_out": Text("закончилось", "sold out"),
    "stopped": Text("стоп-лист", "stop list"),
    "station_down": Text("станция не работает", "station down"),
    "lot_expired": Text("срок годности", "lot expired"),
    "lot_recalled": Text("партия отозвана", "lot recalled"),
    "robot_offline": Text("нет связи с роботом", "robot offline"),
    "pin:": Text("общий PIN", "shared PIN"),
    "kiosk": Text("киоск сам", "the kiosk itself"),
    "cooking_failed": Text("не приготовлено", "not cooked"),
    "not_fetched": Text("не забрали", "not fetched"),
    "recalled": Text("партия отозвана", "lot recalled"),
    "written_off": Text("еда списана", "food thrown away"),
    "not_taken": Text("деньги не поступали", "money never came"),
}


def told(word: str, language: str) -> str:
    """A word of ours in that language; anything else as it is."""
    found = VALUES.get(word)
    return word if found is None else found.into(language)
