"""Cold starts of an almost empty restaurant."""

from __future__ import annotations

from tests.bench.figures import Figure
from tests.bench.world import World

ROUNDS = 5


async def measure() -> list[Figure]:
    world, found = World(), []
    try:
        await world.start_devices()
        await world.start_kiosk()
        for _ in range(ROUNDS):
            world.stop_kiosk()
            found.append(await world.start_kiosk())
    finally:
        world.close()
    return [
        Figure("start.ready", "cold start to `/readyz` 200", "s", [ready for ready, _ in found]),
        Figure("start.sells", "… until it sells", "s", [sells for _, sells in found]),
    ]
