"""The command `kiosk menu`: what is sold, and menus as files, which are checked here and read as they were written."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from drivers.robot.equipment import EquipmentError
from kiosk import socket_calls
from kiosk.catalogue import load_complex, read_menu
from kiosk.domain.menu.bundle import MAX_BYTES, look_through
from kiosk.domain.menu.rows import MenuError
from kiosk.domain.menu.whole import WholeMenu
from kiosk.domain.text import Text
from kiosk.files import Unreadable, read_file, write_whole

#: Method, path and body: status and answer.
Ask = Callable[[str, str, dict[str, Any] | None], Awaitable[tuple[int, Any]]]
Answer = tuple[int, Any]
_UNSELLABLE = 409
_EXPORTED = ".json"
_MOST_PLACES = 50
_NEWER = f"newer{_EXPORTED}"
_MERGE = Text("взять и те изменения, и эти", "take those changes and these")
_LOOK = Text("взять за основу то, что продаётся: внести правки туда и опубликовать", "edit and publish what is sold")
_REPLACE = Text("заменить целиком: те изменения пропадут", "replace all of it: those changes are lost")


async def menu_answer(options: argparse.Namespace, robot_complex: str, language: str, ask: Ask) -> Answer:
    """Status and answer of a command that is more than one call. Raises `MenuError`, `EquipmentError`, `OSError`."""
    match options.action:
        case "check":
            return _check(options.file, robot_complex, language)
        case "publish":
            body = msgspec.to_builtins(_read(options.file)) | {"merge": options.merge, "over": options.over}
            answer = _in_one_language(await ask(*socket_calls.PUBLISH_MENU, body), language)
            return _with_ways_on(answer, options, language)
        case "export":
            return await _export(options.file, options.revision, ask)
    status, answer = await ask(*socket_calls.MENU_DOCUMENT, None)
    return status, answer if options.json or status >= 400 else _sold(answer, language)


def _with_ways_on(answer: Answer, options: argparse.Namespace, language: str) -> Answer:
    """What to type after another menu was published meanwhile; the first way only where it may succeed."""
    status, body = answer
    if body.get("code") != "menu_outdated":
        return answer
    file, known = shlex.quote(str(options.file)), bool(body["differences"])
    ways = [(f"publish {file} --merge", _MERGE)] if known and not body["conflicts"] else []
    ways += [(f"export {_NEWER}", _LOOK), (f"publish {file} --over {body['revision']}", _REPLACE)]
    return status, {**body, "ways": [f"kiosk menu {line}  # {words.into(language)}" for line, words in ways]}


def _read(file: Path) -> WholeMenu:
    """A `menu.toml` with its charts beside it, or what `export` wrote, which knows of which revision. Raises
    `MenuError`."""
    if file.suffix != _EXPORTED:
        found = read_menu(file).bundle
        return WholeMenu(menu=found.menu, charts=found.charts)
    try:
        return msgspec.json.decode(read_file(file, MAX_BYTES), type=WholeMenu)
    except (Unreadable, msgspec.ValidationError, msgspec.DecodeError, RecursionError) as error:
        raise MenuError(f"{file}: {error}") from error


def _check(file: Path, robot_complex: str, language: str) -> Answer:
    """For the complex of the settings; the kiosk need not run."""
    looked = look_through(_read(file).bundle, load_complex(Path(robot_complex) if robot_complex else None))
    if looked.menu is not None:
        return 200, {"dishes": len(looked.menu.dishes), "combos": len(looked.menu.combos)}
    found = msgspec.to_builtins(looked.findings)
    return _in_one_language((_UNSELLABLE, {"findings": found}), language)


async def _export(file: Path, revision: int | None, ask: Ask) -> Answer:
    """With its charts: what is published of it again cooks the same. Raises `MenuError` for a name under which it could
    not be read back."""
    if file.suffix != _EXPORTED:
        raise MenuError(f"{file}: what is exported is JSON: name it {file.stem}{_EXPORTED}")
    if revision is None:
        status, answer = await ask(*socket_calls.MENU_DOCUMENT, None)
        if status >= 400:
            return status, answer
        revision = answer["revision"]
    method, path = socket_calls.MENU_BUNDLE
    status, answer = await ask(method, path.format(revision=revision), None)
    if status >= 400:
        return status, answer
    answer = {"revision": revision, **answer}
    write_whole(file, json.dumps(answer, ensure_ascii=False, indent=1) + "\n")
    return status, {"revision": revision, "file": str(file)}


def _sold(answer: dict[str, Any], language: str) -> dict[str, Any]:
    """Without what only a program reads."""
    document = answer.pop("document")
    rows = [
        {
            "id": row["id"],
            "name": row["name"][language],
            "category": row["category"],
            "price_kopecks": row["price_kopecks"],
        }
        for row in (*document["combos"], *document["items"])
        if row.get("sellable", True)
    ]
    answer["troubles"] = [f"{row['text'][language]} ({row['detail']})" for row in answer["troubles"]]
    return {**answer, "charts": len(answer["charts"]), "languages": ", ".join(answer["languages"]), "sold": rows}


def _places(rows: list[dict[str, Any]]) -> list[str]:
    found = [" ".join(filter(None, (row["table"], row["id"], row["field"]))) for row in rows[:_MOST_PLACES]]
    return [*found, f"+ {len(rows) - _MOST_PLACES}"] if len(rows) > _MOST_PLACES else found


def _in_one_language(answer: Answer, language: str) -> Answer:
    status, body = answer
    if "conflicts" in body:
        places = {name: _places(body[name]) for name in ("differences", "conflicts")}
        return status, {**body, **places}
    if "findings" not in body:
        return answer
    rows = [{**row, "text": row["text"][language]} for row in body["findings"]]
    return status, {**body, "findings": rows}


#: What a menu that is no menu, or a file that cannot be written, comes as.
MENU_FAULTS = (MenuError, EquipmentError, OSError)
