"""The menu as the cloud has it: asked for, believed only where it is signed, new and fit to be sold; whatever is wrong
with it, what was sold last goes on being sold."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping

import msgspec
import structlog

from drivers.menu.port import DeviceError, MenuAnswer, MenuSource
from kiosk.clock import Clock
from kiosk.domain.errors import DomainError
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.menu.bundle import Bundle, CloudBundle, CloudPicture, Origin
from kiosk.domain.menu.menu import MenuFile
from kiosk.domain.menu.refusals import MenuUnsellable
from kiosk.domain.reasons import MENU_CLOUD_DOWN, MENU_CLOUD_REFUSED
from kiosk.domain.signing import is_signed
from kiosk.domain.text import Text
from kiosk.flows.menu.publishing import CLOUD_CHECK, MenuPublisher, Publication
from kiosk.pictures.folder import PictureFolder
from kiosk.store.database import Database
from kiosk.store.menu import revisions
from kiosk.store.transaction import Tx

_log = structlog.get_logger()
_ACTOR = "cloud"
#: Of a signature, by this machine's clock, in either direction (Standard Webhooks).
_OLDEST_S = 300
_MOST_PICTURES = 500
_UNSIGNED = Text("подпись меню из облака не сходится", "the signature of the cloud's menu is wrong")
_UNTIMELY = Text(
    "подпись меню из облака не этих минут: проверьте часы",
    "the cloud's menu was not signed just now: look at the clock",
)
_UNREADABLE = Text("меню из облака не прочесть", "the cloud's menu cannot be read")
_OLD = Text("облако отдаёт меню старее, чем уже взятое", "the cloud gives an older menu than was taken already")
_CHANGED = Text(
    "облако отдаёт другое меню под тем же номером: номер должен вырасти",
    "the cloud gives another menu under the same number: the number has to grow",
)
_UNSELLABLE = Text("меню из облака продавать нельзя", "the cloud's menu cannot be sold")
_NO_PICTURE = Text("картинка меню из облака не принята", "a picture of the cloud's menu was not taken")


class _Refused(Exception):
    """What came is not taken. `code` and `line`: for the log and whoever programs the cloud; `lasts`: until something
    else comes."""

    def __init__(self, code: str, words: Text, line: str = "", *, lasts: bool = True) -> None:
        super().__init__(line)
        self.lasts = lasts
        self.code = code
        self.words = words
        self.line = line


class MenuCloud:
    """`run()` until cancelled."""

    def __init__(
        self,
        database: Database,
        source: MenuSource,
        publisher: MenuPublisher,
        pictures: PictureFolder,
        readiness: Readiness,
        clock: Clock,
        *,
        keys: tuple[bytes, ...],
        poll_s: float,
    ) -> None:
        self._db = database
        self._source = source
        self._publisher = publisher
        self._pictures = pictures
        self._readiness = readiness
        self._clock = clock
        self._keys = keys
        self._poll_s = poll_s
        self._etag = ""
        self._standing: _Refused | None = None  # what is wrong with the answer that the etag names
        self._known: dict[str, str] = {}  # pictures by their hash

    async def run(self) -> None:
        while True:
            await self.look()
            await self._clock.sleep(self._poll_s)

    async def look(self) -> None:
        """Asks once, and says what came of it."""
        try:
            await self._take()
        except DeviceError as error:
            self._tell(MENU_CLOUD_DOWN, error.code, error.detail, None)
        except _Refused as refused:
            self._tell(MENU_CLOUD_REFUSED, refused.code, refused.line, refused.words)
        else:
            self._readiness.set(CLOUD_CHECK, None, blocks=False)

    def _tell(self, reason: str, code: str, line: str, words: Text | None) -> None:
        detail = f"{code}: {line}" if line else code
        if self._readiness.set(CLOUD_CHECK, reason, blocks=False, detail=detail, told=words):
            _log.warning("menu_not_taken", reason=reason, detail=detail)

    async def _take(self) -> None:
        """Raises `DeviceError`, `_Refused`. What was not looked at to its end is asked for again as a whole."""
        answer = await self._source.menu(self._etag)
        if answer is None:
            if self._standing is not None:
                raise self._standing
            return
        self._require_signed(answer)
        try:
            await self._publish(answer.body)
        except _Refused as refused:
            if refused.lasts:
                self._etag, self._standing = answer.etag, refused
            raise
        self._etag, self._standing = answer.etag, None

    def _require_signed(self, answer: MenuAnswer) -> None:
        """Raises `_Refused`."""
        digits = answer.timestamp if answer.timestamp.isascii() and len(answer.timestamp) <= 12 else ""
        signed_at = int(digits) if digits.isdigit() else -1
        if not is_signed(self._keys, answer.identity, signed_at, answer.body, answer.signatures):
            raise _Refused("wrong_signature", _UNSIGNED)
        off_s = round(self._clock.now().timestamp()) - signed_at
        if abs(off_s) > _OLDEST_S:
            raise _Refused("old_signature", _UNTIMELY, f"{off_s} s old")

    async def _publish(self, body: bytes) -> None:
        """Raises `DeviceError`, `_Refused`."""
        try:
            sent = await asyncio.to_thread(msgspec.json.decode, body, type=CloudBundle)
        except (msgspec.ValidationError, msgspec.DecodeError, RecursionError) as error:
            raise _Refused("unreadable", _UNREADABLE, str(error)) from error
        taken = await self._db.read(revisions.cloud_taken)
        if sent.revision < taken:
            raise _Refused("old_revision", _OLD, f"{sent.revision} after {taken}")
        content = await asyncio.to_thread(_digest, body)
        if sent.revision == taken:
            if await self._db.read(revisions.cloud_content) not in (None, content):
                raise _Refused("same_revision", _CHANGED, f"{sent.revision} was taken with other content")
            return
        bundle = Bundle(menu=_with(sent.menu, await self._named(sent.pictures)), charts=sent.charts)

        def unless_taken(tx: Tx) -> int | None:
            if sent.revision > revisions.cloud_taken(tx):
                revisions.note_cloud(tx, sent.revision, content)
                return None
            newest = revisions.newest(tx)
            return None if newest is None else newest.revision

        publication = Publication(origin=Origin.CLOUD, actor=_ACTOR, source=sent.revision)
        try:
            await self._publisher.publish(bundle, publication, unless_taken)
        except MenuUnsellable as refused:
            raise _Refused(refused.code, _UNSELLABLE, refused.line) from refused

    async def _named(self, pictures: Mapping[str, CloudPicture]) -> dict[str, str]:
        """By the menu's names those under which they are kept here: each is fetched once, and checked as one that staff
        uploads is. Raises `DeviceError`, `_Refused`."""
        if len(pictures) > _MOST_PICTURES:
            raise _Refused("pictures", _NO_PICTURE, f"at most {_MOST_PICTURES}, not {len(pictures)}")
        return {name: self._known.get(row.sha256) or await self._fetch(name, row) for name, row in pictures.items()}

    async def _fetch(self, name: str, row: CloudPicture) -> str:
        body = await self._source.picture(row.path)
        if hashlib.sha256(body).hexdigest() != row.sha256.lower():
            raise _Refused("wrong_picture", _NO_PICTURE, f"{name}: its hash is another", lasts=False)
        try:
            with self._pictures.place():
                kept = await self._pictures.add(body)
        except DomainError as refused:
            line = f"{name}: {(refused.detail or refused.title).en}"
            raise _Refused(refused.code, _NO_PICTURE, line, lasts=False) from refused
        self._known[row.sha256] = kept.image
        return kept.image


def _digest(body: bytes) -> str:
    """Of what it is about, as the cloud has it, whatever this program makes of it."""
    sent = msgspec.json.decode(body)
    pictures = {name: row["sha256"] for name, row in sent.get("pictures", {}).items()}
    return hashlib.sha256(msgspec.json.encode([sent["menu"], sent["charts"], pictures], order="sorted")).hexdigest()


def _with(menu: MenuFile, pictures: Mapping[str, str]) -> MenuFile:
    """The menu with its pictures by their names here."""
    if not pictures:
        return menu
    replace = msgspec.structs.replace
    return replace(
        menu,
        categories=[replace(row, image=pictures.get(row.image, row.image)) for row in menu.categories],
        items=[replace(row, image=pictures.get(row.image, row.image)) for row in menu.items],
        combos=[replace(row, image=pictures.get(row.image, row.image)) for row in menu.combos],
    )
