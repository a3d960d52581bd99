"""How a certification cuts the complex's power."""

from __future__ import annotations

import asyncio

from drivers.robot.certify.clauses import NotExamined
from drivers.text import shown

_WITHIN_S = 300.0
_LONGEST = 200


class PowerCommand:
    """A command of the shell that switches the complex off and on again and then ends with 0."""

    by_hand = False

    def __init__(self, command: str) -> None:
        self._command = command

    async def cut(self) -> None:
        """Raises `NotExamined` where the command fails."""
        process = await asyncio.create_subprocess_shell(
            self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(_WITHIN_S):
                told, _ = await process.communicate()
        except TimeoutError as error:
            process.kill()
            await process.wait()
            raise NotExamined("power_command", f"not within {_WITHIN_S:.0f} s") from error
        if process.returncode:
            raise NotExamined(
                "power_command", f"exit {process.returncode}: {shown(told.decode(errors='replace')[:_LONGEST])}"
            )


class PowerByHand:
    """A person is told by the caller; the complex shows when it is done."""

    by_hand = True

    async def cut(self) -> None:
        """Nothing to do but wait for its return, as after a command."""
