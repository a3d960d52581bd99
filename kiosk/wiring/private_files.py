"""Phones, codes and tokens lie in files: whom they belong to and who else could read them, at start and in
`kiosk check` (access.md#doors: 0600, folders 0700)."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kiosk.config.settings import Config

_FILE, _FOLDER = 0o600, 0o700
_CREDENTIALS = "CREDENTIALS_DIRECTORY"  # systemd.exec(5): closed by systemd itself, by access lists
_ROOT = 0


@dataclass(frozen=True, slots=True)
class Exposed:
    """A file or folder that is not private. `readable`: by others; `ours`: what the kiosk wrote itself."""

    path: Path
    says: str
    readable: bool
    ours: bool = True


def exposed(config: Config) -> list[Exposed]:
    """Files and folders that others may read; changes nothing."""
    folder = config.database.path.parent
    owner = _owner(folder)
    found = [look for path in own_files(config) if (look := _look(path, _FILE, owner))]
    found += [look for path in (folder, folder / "sim") if (look := _look(path, _FOLDER, owner))]
    found += [look for path in _secrets(config) if (look := _look_at_secret(path, owner))]
    return found


def close(config: Config) -> list[Exposed]:
    """Close what the kiosk wrote itself, and report all that was open. The database's folder may be the site's own for
    other things too: those are only reported."""
    found = exposed(config)
    for one in found:
        if one.ours and one.path != config.database.path.parent:
            with contextlib.suppress(OSError):  # somebody else's: reported already
                os.chmod(one.path, _FOLDER if one.path.is_dir() else _FILE)
    return found


def own_files(config: Config) -> Iterator[Path]:
    """The database with all that lies beside it under its name (write-ahead log, lock, copies), its archives, the
    secrets that were made, the memory and the ledgers of simulated devices."""
    path = config.database.path
    beside = [*path.parent.glob(f"{_literal(path.name)}*")]
    beside += [path.with_suffix(".reserve"), path.with_suffix(".erased")]
    beside += path.parent.glob(f"{_literal(path.stem)}-[0-9][0-9][0-9][0-9]{_literal(path.suffix)}*")
    beside += [path.parent / name for name in ("token.secret", "service.pin")]
    for file in sorted({*beside, *(path.parent / "sim").glob("*")}):
        if file.is_file() and not file.is_symlink():
            yield file


def _literal(name: str) -> str:
    """Of a pattern of glob(7): the name may hold its marks."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _secrets(config: Config) -> Iterator[Path]:
    """Those the configuration names; what is missing is reported elsewhere."""
    named = [
        config.auth.secret_file,
        config.service.pin_file,
        config.bank.merchant_key_file,
        config.sms.key_file,
        config.broker.password_file,
        config.menu.secret_file,
        config.alarms.email.password_file,
        *(row.secret_file for row in config.alarms.to),
        *(row.key_file for row in config.registrars),
        *(hook.secret_file for hook in config.webhooks),
    ]
    given = os.environ.get(_CREDENTIALS)
    for path in sorted({Path(name) for name in named if name}):
        if path.is_file() and not (given and path.is_relative_to(given)):
            yield path


def _owner(folder: Path) -> int:
    """The user of the process; looked at by root, that of the folder."""
    user = os.geteuid()
    try:
        return folder.stat().st_uid if user == _ROOT else user
    except OSError:  # not made yet
        return user


def _look(path: Path, wanted: int, owner: int) -> Exposed | None:
    try:
        found = path.stat()
    except OSError:
        return None
    mode = stat.S_IMODE(found.st_mode)
    if open_bits := mode & 0o077:
        # To look into a folder is to read names; to write into it is to put another database in its place.
        readable = bool(open_bits & (0o022 if wanted == _FOLDER else 0o077))
        what = f"open to other users ({mode:04o}): chmod {wanted:o}"
        return Exposed(path, what, readable)
    if found.st_uid != owner:
        return Exposed(path, f"belongs to user {found.st_uid}, not to {owner} who runs the kiosk", readable=False)
    return None


def _look_at_secret(path: Path, owner: int) -> Exposed | None:
    """The site laid it there: what root owns may be its group's to read, and a closed folder closes what is in it."""
    try:
        found = path.stat()
        closed = any(not above.stat().st_mode & 0o011 for above in path.resolve().parents)
    except OSError:
        return None
    mode = stat.S_IMODE(found.st_mode)
    allowed = 0o040 if found.st_uid == _ROOT and owner != _ROOT else 0
    if mode & 0o077 & ~allowed:
        return Exposed(path, f"a secret open to other users ({mode:04o}): chmod {_FILE:o}", not closed, ours=False)
    if found.st_uid not in (owner, _ROOT):
        return Exposed(
            path, f"a secret that belongs to user {found.st_uid}, not to {owner}", readable=False, ours=False
        )
    return None
