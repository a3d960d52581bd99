"""`kiosk check --setup`: all is asked first and written at once; whoever leaves in between has changed nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from kiosk.config import ConfigError, load
from kiosk.config.settings import Config
from kiosk.domain.text import Text
from kiosk.files import write_whole
from kiosk.site_setup import Guide
from kiosk.wiring.finding import find

_LOOKING = Text("ищу кассу на портах этой машины…", "looking for a registrar at the ports of this machine…")
_WRITTEN = Text("записано", "written")
_NEXT = Text(
    "теперь: systemctl restart kiosk, kiosk check, kiosk check --sale terminal (или sbp, till), kiosk staff add",
    "now: systemctl restart kiosk, kiosk check, kiosk check --sale terminal (or sbp, till), kiosk staff add",
)


async def set_up(
    file: Path, config: Config, language: str, ask: Callable[[str, str], str], say: Callable[[str], None]
) -> bool:
    """False where the settings cannot be used after all. What stood there is kept as `config.toml.before`. Raises
    `EOFError`, `OSError`."""
    text = file.read_text("utf-8") if file.exists() else ""
    guide = Guide(text, ask, say, lambda tried: _problems(file, tried), language)
    if config.registrars[0].simulated:
        say(_LOOKING.into(language))
        for register in (await find([], config.registrars[0].password)).found[:1]:
            say(register.section())
            guide.fill("fiscal", register.settings())
    wanted = guide.run()
    if left := _problems(file, wanted):
        for line in left:
            say(line)
        return False
    if text:
        write_whole(file.with_name(f"{file.name}.before"), text)
    write_whole(file, wanted)
    say(f"{file}: {_WRITTEN.into(language)}")
    say(_NEXT.into(language))
    return True


def _problems(file: Path, text: str) -> Sequence[str]:
    """Of these settings in the folder of that file: their paths begin there."""
    with tempfile.NamedTemporaryFile("w", suffix=".toml", dir=file.resolve().parent, encoding="utf-8") as tried:
        tried.write(text)
        tried.flush()
        try:
            load(Path(tried.name))
        except ConfigError as error:
            return error.problems
    return ()
