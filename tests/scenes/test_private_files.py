"""Phones, codes and tokens are nobody else's to read (access.md#doors): closed at start, told by `kiosk check`."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.sim.world import World
from kiosk import cli
from kiosk.config import load
from kiosk.wiring import Kiosk, exposed
from kiosk.wiring.private_files import own_files
from tests.command import DEADLINE_S, kiosk, spawn
from tests.restaurant import short_folder, test_parts

TEXT = (
    '[server]\nport = 0\nsocket = "k.sock"\n[database]\npath = "data/k.db"\nreserve_mb = 1\n[log]\nlevel = "error"\n'
    '[sms]\nkey_file = "sms.key"\n'
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """As a careless hand leaves it: whatever the process makes, it does not make it private by its umask."""
    before = os.umask(0o022)
    found = short_folder()
    (found / "config.toml").write_text(TEXT)
    (found / "sms.key").write_text("k" * 20)
    (found / "sms.key").chmod(0o600)
    yield found
    os.umask(before)
    shutil.rmtree(found)


async def lived(folder: Path) -> None:
    """One life of a kiosk with every device simulated."""
    running = Kiosk(load(folder / "config.toml"), test_parts())
    await running.start()
    try:
        if not (copy := folder / "data" / "k.db.copy").exists():
            await running.database.backup(copy)
        assert [one for one in exposed(load(folder / "config.toml")) if one.path.is_file() and one.readable] == []
    finally:
        await running.stop()


async def told_at_start(folder: Path, count: int) -> list[str]:
    """The files of the first `count` warnings that `kiosk run` writes to its log."""
    (folder / "config.toml").write_text(TEXT.replace('"error"', '"warning"'))
    process = await spawn(folder, "run")
    try:
        async with asyncio.timeout(DEADLINE_S):
            assert process.stdout is not None
            lines = [json.loads(await process.stdout.readline()) for _ in range(count)]
    finally:
        process.terminate()
        await process.communicate()
    return [line["file"] for line in lines if (line["event"], line["level"]) == ("file_not_private", "warning")]


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in sorted((folder / "data").rglob("*"))
        if not path.is_symlink() and (path.is_file() or path.is_dir())
    }


async def test_whatever_a_kiosk_and_its_simulated_devices_write_is_theirs_alone(folder: Path) -> None:
    await lived(folder)
    found = modes(folder)
    assert {"data/k.db", "data/k.db.lock", "data/k.reserve", "data/k.db.copy", "data/sim/sms.jsonl"} <= found.keys()
    assert [name for name, mode in found.items() if mode & 0o077] == []
    assert stat.S_IMODE((folder / "data").stat().st_mode) == 0o700


async def test_check_says_of_each_file_that_others_may_read_it_and_the_start_closes_it(
    folder: Path,
) -> None:
    await lived(folder)
    assert (await kiosk(folder, "check")).out.count("files") == 0
    opened = [*own_files(load(folder / "config.toml")), folder / "data" / "sim"]
    assert len(opened) > 10, "database, lock, copy, secrets, memories and ledgers"
    for path in opened:
        path.chmod(0o755 if path.is_dir() else 0o644)
    told = await kiosk(folder, "check")
    assert told.code == cli.BAD
    lines = [line for line in told.out.splitlines() if " files " in line]
    assert [line for line in lines if not line.endswith(("chmod 600", "chmod 700"))] == []
    assert [path for path in opened if not any(f" {path}: open to other users" in line for line in lines)] == []
    assert all(line.startswith("BAD") for line in lines if "/sim: " not in line)
    assert sorted(await told_at_start(folder, len(opened))) == sorted(map(str, opened))
    assert (await kiosk(folder, "check")).out.count("files") == 0


async def test_folder_that_others_may_write_to_is_bad_and_one_they_may_look_into_is_told(folder: Path) -> None:
    await lived(folder)
    for mode, code in ((0o755, cli.OK), (0o777, cli.BAD)):
        (folder / "data").chmod(mode)
        told = await kiosk(folder, "check")
        assert (told.code, f"{folder}/data: open to other users ({mode:04o}): chmod 700" in told.out) == (code, True)
        await lived(folder)
        assert stat.S_IMODE((folder / "data").stat().st_mode) == mode, "it may be the site's for other things too"


async def test_secret_that_others_may_read_is_told_and_bad_where_no_folder_closes_it(folder: Path) -> None:
    (folder / "sms.key").chmod(0o644)
    told = await kiosk(folder, "check")
    assert (told.code, f"{folder}/sms.key: a secret open to other users (0644): chmod 600" in told.out) == (
        cli.OK,
        True,
    )
    folder.chmod(0o755)
    assert (await kiosk(folder, "check")).code == cli.BAD
    folder.chmod(0o700)


async def test_secret_of_the_units_credentials_is_closed_by_systemd(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "sms.key").chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    assert (await kiosk(folder, "check")).out.count("files") == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_file_of_another_user_is_told(folder: Path) -> None:
    await lived(folder)
    os.chown(folder / "data" / "k.db", 12345, -1)
    told = await kiosk(folder, "check")
    assert f"{folder}/data/k.db: belongs to user 12345, not to 0 who runs the kiosk" in told.out


def test_a_device_closes_the_memory_and_the_ledger_it_finds_open(folder: Path) -> None:
    state, ledger = folder / "sms.state", folder / "sms.jsonl"
    for path in (state, ledger):
        path.touch(0o644)
        path.chmod(0o644)
    world = World("sms", state, ledger)
    with world.change() as change:
        change.effect("sent", to="+79160000000")
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.glob("sms.*") if path.suffix != ".key"}
    world.close()
    assert set(found.values()) == {0o600}
    assert len(found) == 4, "with what SQLite keeps beside it"
