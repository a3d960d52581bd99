"""A backup put back: the store looks at its own tables, and here at what the floors above keep in them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from kiosk.config.settings import Config
from kiosk.flows.fiscal.day import ShiftReportView
from kiosk.flows.staff.reports.statistics import StatsView
from kiosk.pictures.folder import PictureFolder
from kiosk.store.file.menu import pictures_named
from kiosk.store.file.soundness import Kinds
from kiosk.store.keep import backups

#: What stands over the store and is kept in it.
REPORTS: Kinds = {("stat_report", "body"): StatsView, ("fiscal_report", "body"): ShiftReportView}


def restore(path: Path, file: Path, actor: str, now: datetime) -> Path | None:
    """As `kiosk.store.keep.backups.restore`. Raises `DatabaseBroken`."""
    return backups.restore(path, file, actor, now, REPORTS)


def pictures_folder(config: Config) -> Path:
    """Of uploaded pictures: beside the database, in none of its copies."""
    return config.database.path.parent / "pictures"


def missing_pictures(config: Config) -> list[str]:
    """Uploaded ones that the newest menu of the database names, and that are not there: after a restore, say."""
    return PictureFolder(pictures_folder(config)).missing(pictures_named(config.database.path))
