"""A full disk: what was acknowledged stays, the reserve lets what is under way be written, then writing is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.store.file.reserve import Reserve

ON_A_SMALL_DISK = """
import asyncio, json, sys
from pathlib import Path
from kiosk.domain.errors import DatabaseBroken
from kiosk.store.database import Database
from kiosk.store.file.reserve import Reserve
from kiosk.store.transaction import Reader

async def fill(folder):
    faults, kept = [], []
    reserve = Reserve(folder / "kiosk.reserve", 2 * 1024 * 1024)
    assert reserve.lay()
    database = await Database.open(folder / "kiosk.db", faults.append, reserve=reserve)
    spent_at = None
    for n in range(1000):
        try:
            await database.write(lambda tx: tx.execute("INSERT INTO meta VALUES (?, ?)", (f"row{n}", "x" * 50_000)))
        except DatabaseBroken as error:
            refusal = str(error)
            break
        kept.append(n)
        if spent_at is None and not (folder / "kiosk.reserve").exists():
            spent_at = n
    found = await database.read(Reader.scalar, "SELECT count(*) FROM meta WHERE key LIKE 'row%'")
    broken = database.broken
    await database.close()
    print(json.dumps({"kept": len(kept), "found": found, "spent_at": spent_at, "refusal": refusal, "broken": broken,
                      "faults": faults}))

asyncio.run(fill(Path(sys.argv[1])))
"""


def small_disk(folder: Path, size_mb: int) -> list[str]:
    """The words that run a program on a disk of this size, which only it sees."""
    mount = f'mount -t tmpfs -o size={size_mb}m none {folder} && exec "$@"'
    return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]


def test_full_disk_spends_the_reserve_and_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    words = small_disk(tmp_path, 8)
    if not shutil.which("unshare") or subprocess.run([*words, "true"], capture_output=True, timeout=10).returncode:
        pytest.skip("no disk of one's own can be mounted here")
    command = [*words, sys.executable, "-c", ON_A_SMALL_DISK, str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told["spent_at"] is not None
    assert told["kept"] > told["spent_at"] + 3  # the room that was kept takes more than the one that met the wall
    assert told["found"] == told["kept"]
    assert "full" in told["refusal"]
    assert (told["broken"], told["faults"]) == (False, [])  # reading goes on, and writing once there is room


def test_a_reserve_is_laid_once_and_spent_once(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "kiosk.reserve", 65536)
    assert reserve.lay()
    assert reserve.lay()
    assert (tmp_path / "kiosk.reserve").stat().st_blocks * 512 >= 65536
    assert reserve.spend()
    assert not reserve.spend()


def test_no_room_for_the_reserve_is_told_and_leaves_no_file(tmp_path: Path) -> None:
    assert not Reserve(tmp_path / "kiosk.reserve", 1 << 60).lay()
    assert list(tmp_path.iterdir()) == []


def test_a_reserve_of_nothing_is_always_laid(tmp_path: Path) -> None:
    assert Reserve(tmp_path / "kiosk.reserve", 0).lay()
    assert list(tmp_path.iterdir()) == []
