"""What stays behind in the process: memory, descriptors and the log of the database after many orders.

A week is not waited for. Its orders are bought one after another, each created, paid, cooked by a robot a thousand
times as fast, and handed out; what a process gathers, it gathers by orders, calls and events, not by hours. What goes
by the hour alone (the day's close, the forgetting of old rows) is not in it.
"""

from __future__ import annotations

from tests.bench.figures import Figure
from tests.bench.world import Guest, World, most_in_stock

ORDERS, LONG_ORDERS = 100, 4_200  # 600 a day for seven days
_WARM = 30


async def measure(orders: int = ORDERS) -> list[Figure]:
    world = World()
    try:
        await world.start_devices()
        await world.start_kiosk()
        guest = await Guest.come(world)
        held: list[tuple[float, int]] = []
        wal_mb = 0.0
        for number in range(_WARM + orders):
            if number % 20 == 0:
                guest.leave()
                guest = await Guest.come(world)
                await world.refill()
                dishes = await most_in_stock(world, 2)
            order = await guest.create(dishes)
            await guest.pay(order["order_id"])
            await guest.until_taken(order["order_id"])
            wal_mb = max(wal_mb, world.file_mb("-wal"))
            if number == _WARM - 1:
                held.append((world.memory_mb(), world.descriptors()))
        held.append((world.memory_mb(), world.descriptors()))
    finally:
        world.close()
    (before_mb, before), (after_mb, after) = held
    return [
        Figure("week.orders", "orders of a week, whole way, one after another", "orders", [orders]),
        Figure("week.memory_more", f"… memory more than after the first {_WARM}", "MB", [after_mb - before_mb]),
        Figure("week.memory", "… resident memory at the end", "MB", [after_mb]),
        Figure("week.descriptors_more", "… descriptors more", "files", [after - before]),
        Figure("week.wal", "… longest log of the database", "MB", [wal_mb]),
    ]
