"""Tables as a spreadsheet takes them: CSV (RFC 4180) and XLSX (ECMA-376), written part by part.

A workbook of plain tables is five small XML parts in a ZIP file: text as inline strings, numbers as numbers, one style
for headings and one for roubles. A library would be larger than what is used of it."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

import msgspec

Cell = str | int | float | None
#: Excel takes no longer sheet names, and none of these signs in them.
_LONGEST_NAME = 31
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SAME_MOMENT = (1980, 1, 1, 0, 0, 0)  # the same tables are the same bytes
_HEADING, _NUMBER = 1, 2


class Table(msgspec.Struct, frozen=True):
    """`rows` have as many cells as there are `columns`; `id`: the same in every language; `note`: how it is reckoned,
    where that is not plain."""

    id: str
    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


def csv_bytes(tables: Iterable[Table]) -> bytes:
    """One table after the other, each under its name, with an empty line between; UTF-8 with the mark by which Excel
    knows it. Text that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    for number, table in enumerate(tables):
        if number:
            writer.writerow(())
        writer.writerow((harmless(table.name),))
        writer.writerow(map(harmless, table.columns))
        writer.writerows(map(harmless, row) for row in table.rows)
    return out.getvalue().encode("utf-8-sig")


def harmless(value: Cell) -> Cell:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def xlsx_bytes(tables: Sequence[Table]) -> bytes:
    """A workbook with a sheet for each table; what is text stays text, no cell is a formula."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        numbers = range(1, len(tables) + 1)
        _write(book, "[Content_Types].xml", _CONTENT_TYPES.format(sheets="".join(map(_SHEET_TYPE.format, numbers))))
        _write(book, "_rels/.rels", _RELATIONS)
        sheets = "".join(
            f'<sheet name="{_attribute(name)}" sheetId="{n}" r:id="rId{n}"/>'
            for n, name in zip(numbers, _names(tables), strict=True)
        )
        _write(book, "xl/workbook.xml", _WORKBOOK.format(sheets=sheets))
        related = "".join(map(_SHEET_RELATION.format, numbers))
        _write(book, "xl/_rels/workbook.xml.rels", _WORKBOOK_RELATIONS.format(sheets=related, styles=len(tables) + 1))
        _write(book, "xl/styles.xml", _STYLES)
        for n, table in zip(numbers, tables, strict=True):
            _write(book, f"xl/worksheets/sheet{n}.xml", _sheet(table))
    return out.getvalue()


def _write(book: zipfile.ZipFile, name: str, text: str) -> None:
    part = zipfile.ZipInfo(name, _SAME_MOMENT)
    part.compress_type = zipfile.ZIP_DEFLATED
    book.writestr(part, f"{_HEAD}{text}".encode())


def _names(tables: Iterable[Table]) -> list[str]:
    """Each once, whatever its case, as Excel wants them."""
    found: list[str] = []
    for n, table in enumerate(tables, 1):
        name = _NOT_IN_NAMES.sub(" ", table.name).strip()[:_LONGEST_NAME] or str(n)
        taken = {other.lower() for other in found}
        found.append(name if name.lower() not in taken else f"{name[: _LONGEST_NAME - 4]} {n}")
    return found


def _sheet(table: Table) -> str:
    widths = [
        min(60, 2 + max(len(str(value)) for value in column))
        for column in zip(table.columns, *([cell if cell is not None else "" for cell in r] for r in table.rows),
                          strict=True)
    ]  # fmt: skip
    columns = "".join(
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>' for n, width in enumerate(widths, 1)
    )
    rows = [_row(table.columns, _HEADING), *(_row(row, 0) for row in table.rows)]
    return _SHEET.format(columns=columns, rows="".join(rows))


def _row(cells: Sequence[Cell], style: int) -> str:
    return f"<row>{''.join(_cell(cell, style) for cell in cells)}</row>"


def _cell(value: Cell, style: int) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, str):
        text = escape(_NOT_IN_XML.sub("", value))
        return f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{text}</t></is></c>'
    return f'<c s="{_NUMBER if isinstance(value, float) else style}"><v>{value!r}</v></c>'


def _attribute(text: str) -> str:
    return escape(_NOT_IN_XML.sub("", text), {'"': "&quot;"})


_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_CONTENT_TYPES = (
    f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>{{sheets}}</Types>'
)
_SHEET_TYPE = f'<Override PartName="/xl/worksheets/sheet{{}}.xml" ContentType="{_KIND}.worksheet+xml"/>'
_RELATIONS = (
    f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
_WORKBOOK = f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{{sheets}}</sheets></workbook>'
_WORKBOOK_RELATIONS = (
    f'<Relationships xmlns="{_PACKAGE}/relationships">{{sheets}}'
    f'<Relationship Id="rId{{styles}}" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
)
_SHEET_RELATION = f'<Relationship Id="rId{{0}}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{{0}}.xml"/>'
#: Cell formats by number: plain, bold, two places after the point (number format 4).
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_SHEET = (
    f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    "<cols>{columns}</cols><sheetData>{rows}</sheetData></worksheet>"
)
