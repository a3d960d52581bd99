"""Completion and manual page of the command, from the table of words that it reads itself."""

from __future__ import annotations

import sys

import shtab
from argparse_manpage.manpage import Manpage

import kiosk.cli
from kiosk import version
from kiosk.cli_words import parser

PARSER = parser(kiosk.cli.__doc__)
PARSER.man_short_description = "a robotic restaurant's kiosk"
match sys.argv[1:]:
    case ["completion"]:
        print(shtab.complete(PARSER, "bash"))
    case ["manual"]:
        page = Manpage(PARSER, format="pretty", _data={"project_name": "kiosk", "version": version()})
        print(page)
    case _:
        sys.exit(__doc__)
