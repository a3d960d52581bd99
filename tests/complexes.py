"""Complexes as tests describe them: the demo's with other cells, and what its cells hold."""

from __future__ import annotations

from pathlib import Path

from drivers.robot.equipment import demo_file
from drivers.robot.port import Cell, CellJob, CellState


def with_cells(file: Path, *sizes: int) -> Path:
    """Writes the demo's description with cells for so many portions to `file`."""
    before, _, _ = demo_file().read_text("utf-8").partition("[[cells]]")
    rows = [f"[[cells]]\nnumber = {number}\nsize = {size}\n" for number, size in enumerate(sizes, 1)]
    file.write_text(before + "\n".join(rows), "utf-8")
    return file


def cell_with(number: int, state: CellState, *job_ids: int, coming: tuple[int, ...] = (), size: int = 1) -> Cell:
    """A cell with the food of these jobs, and with that of others on its way."""
    jobs = [CellJob(job_id, loaded=state is not CellState.RESERVED) for job_id in job_ids]
    return Cell(number, state, (*jobs, *(CellJob(job_id, loaded=False) for job_id in coming)), size=size)
