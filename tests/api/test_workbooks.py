"""Workbooks as imports: their cells as they are, and hostile ones in a process of their own."""

import io
import zipfile
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from app.exchange.reading import NotATable, opened
from app.exchange.workbooks import NotAWorkbook, as_csv
from tests.api.test_imports import UNITS, put
from tests.support import Api, nip

HEADING = ("nip", "name", "category", "unit_code", "position", "standing")
CONTENT_TYPES = "[Content_Types].xml"


def workbook(*rows: tuple[Any, ...], hidden_first: bool = False) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    if hidden_first:
        sheet.append(("rahasia",))
        sheet.sheet_state = "hidden"
        sheet = book.create_sheet("Data")
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def packed(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return file.getvalue()


def with_part(name: str, content: bytes) -> bytes:
    """A sound workbook with one part of it replaced."""
    file = io.BytesIO()
    sound = zipfile.ZipFile(io.BytesIO(workbook(HEADING, (nip(1), "A", "pppk", "16.01"))))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sound.namelist():
            archive.writestr(part, content if part == name else sound.read(part))
    return file.getvalue()


async def imported(api: Api, content: bytes, **fields: str) -> dict[str, Any]:
    answer = await api.upload("/v1/imports", content, kind="employees", **fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_workbook_is_imported_as_its_csv_would_be(api):
    await put(api, "work_units", UNITS)
    content = workbook(
        HEADING, (nip(1), "Budi", "pppk", "16.01", None, None), (nip(2), "Siti", "pppk", "16.02")
    )
    made = await imported(api, content, filename="pegawai.csv")
    assert (made["accepted"], made["rejected"]) == (2, 0)
    told = {each["name"]: each["nip"] for each in (await api.get("/v1/employees")).json()["items"]}
    assert told == {"Budi": nip(1), "Siti": nip(2)}


async def test_a_nip_that_excel_has_made_a_number_is_refused_with_its_row(api):
    await put(api, "work_units", UNITS)
    rows = [
        (int(nip(1)), "Budi", "pppk", "16.01"),
        (float(nip(2)), "Siti", "pppk", "16.01"),
        (),
        (nip(3), "Wati", "pppk", "16.01"),
    ]
    made = await imported(api, workbook(HEADING, *rows))
    assert (made["rows"], made["accepted"], made["rejected"]) == (3, 1, 2)
    assert {(each["line"], each["column"]) for each in made["faults"]} == {(2, "nip"), (3, "nip")}
    assert all("Text (Teks)" in each["message"] for each in made["faults"])
    assert not any(nip(number)[:12] in str(made["faults"]) for number in (1, 2))


def lines(content: bytes) -> list[list[str]]:
    return [line.cells for line in opened(io.BytesIO(content)).lines()]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        pytest.param("teks", "teks", id="text"),
        pytest.param(16, "16", id="whole-number"),
        pytest.param(16.5, "16.5", id="fraction"),
        pytest.param(198001012005011001, "1.98001012005011E+17", id="too-long-to-be-exact"),
        pytest.param(True, "TRUE", id="truth"),
        pytest.param(date(2026, 11, 1), "2026-11-01", id="day"),
        pytest.param("a\nb", "a b", id="two-lines"),
        pytest.param("=1+1", "", id="formula-that-nobody-has-computed"),
        pytest.param("'0123", "'0123", id="apostrophe"),
        pytest.param("\ufeffx", "\ufeffx", id="byte-order-mark"),
    ],
)
def test_each_kind_of_cell_is_a_text(cell, expected):
    assert lines(workbook(("a", "b"), ("x", cell)))[1] == ["x", expected]


def test_a_hidden_sheet_is_not_read():
    assert lines(workbook(("a",), ("b",), hidden_first=True)) == [["a"], ["b"]]


BOMB = b"0" * (64 * 1024 * 1024)
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(
        f'<!ENTITY {name} "{"&" + before + ";" * 1}{"&" + before + ";"}">'.encode()
        for before, name in zip("abcdefghij", "bcdefghijk", strict=True)
    )
    + b"]><worksheet>&k;</worksheet>"
)
WIDE = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b'<dimension ref="A1:XFD1048576"/><sheetData><row r="1048576">'
    b'<c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
)
SHEET = "xl/worksheets/sheet1.xml"
HOSTILE = {
    "no-archive": b"PK\x03\x04" + b"\x00" * 100,
    "archive-of-something-else": packed(a=b"1"),
    "no-workbook-inside": packed(**{CONTENT_TYPES: b"<Types/>", "xl__nothing": b""}),
    "bomb": packed(**{CONTENT_TYPES: b"<Types/>"}, **{f"xl__{n}": BOMB for n in range(10)}),
    "parts-without-end": packed(
        **{CONTENT_TYPES: b"<Types/>"}, **{f"xl__{n}": b"" for n in range(2_100)}
    ),
    "entities": with_part(SHEET, LAUGHS),
    "a-cell-at-the-far-corner": with_part(SHEET, WIDE),
    "a-sheet-of-zeros": with_part(SHEET, BOMB),
    "cut-off": workbook(HEADING)[:-200],
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_workbooks_are_refused_with_a_reason(content):
    with pytest.raises((NotAWorkbook, NotATable)) as refused:
        read = lines(content)
        # What of it can be read holds no table.
        assert not read or read == [[""]]
        raise NotATable(reason="empty")
    assert str(refused.value)


@settings(max_examples=25)
@given(st.binary(max_size=2000), st.integers(0, 3000))
def test_a_damaged_workbook_never_breaks_the_reader(noise, place):
    sound = workbook(HEADING, (nip(1), "Budi", "pppk", "16.01"))
    broken = sound[: min(place, len(sound))] + noise + sound[min(place, len(sound)) :]
    if not broken.startswith(b"PK\x03\x04"):
        return
    # Anything but a table or this refusal fails the test.
    with suppress(NotAWorkbook):
        as_csv(io.BytesIO(broken)).read().decode()
