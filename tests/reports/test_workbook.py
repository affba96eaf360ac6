"""The workbook, read back: numbers are numbers, texts are texts, and nothing is a formula."""

import re
import subprocess
import sys
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import openpyxl
import pytest

from app.reports import sheets, workbook
from app.reports.people import ListedPerson
from app.reports.wording import HIDDEN
from tests.reports.invented import HOSTILE, content, counts, frozen, official_account, row
from tests.support import nip

ROOT = Path(__file__).parents[2]
NAMES = [
    "Ringkasan", "Per OPD", "Per kategori", "Per platform", "Per akun resmi", "Pertumbuhan",
    "Deret harian", "Belum diketahui", "Definisi",
]  # fmt: skip


def person(name: str = "Siti", number: int = 1, **fields: Any) -> ListedPerson:
    known = {
        "unit_code": "16.01", "unit_name": "Dinas Pendidikan", "nip": nip(number), "name": name,
        "duty": "follow", "official_account": "Pemprov", "platform": "instagram",
        "reason": "pair_negative", "employee_id": UUID(int=number),
    }  # fmt: skip
    return ListedPerson(**{**known, **fields})


def opened(file: bytes) -> Any:
    return openpyxl.load_workbook(BytesIO(file))


def rows_of(book: Any, name: str) -> list[tuple[Any, ...]]:
    return list(book[name].iter_rows(values_only=True))


def test_each_view_has_a_sheet_with_a_frozen_head_a_filter_and_widths():
    book = opened(workbook.write(frozen(), [person()]))
    assert book.sheetnames == [*NAMES[:-1], "Pegawai", "Definisi"]
    for sheet in book:
        assert sheet.freeze_panes == "A2", sheet.title
        assert sheet.auto_filter.ref.startswith("A1:"), sheet.title
        assert sheet.column_dimensions["A"].width > 8, sheet.title
        assert sheet["A1"].font.bold, sheet.title
    assert opened(workbook.write(frozen(), None)).sheetnames == NAMES


def test_numbers_are_numbers_and_moments_are_in_wib():
    book = opened(workbook.write(frozen(), None))
    summary = {row[:2]: row[2] for row in rows_of(book, "Ringkasan")}
    assert summary["Laporan", "Keadaan per (WIB)"] == datetime(2026, 11, 26, 9, 0)  # noqa: DTZ001
    assert summary["Kampanye", "Mulai (WIB)"] == datetime(2026, 11, 1, 0, 0)  # noqa: DTZ001
    assert summary["Pendataan akun pegawai", "Sasaran"] == 6750
    assert summary["Kohor", "SHA-256 daftar anggota"] == "ab" * 32
    units = book["Per OPD"]
    assert [units.cell(2, column).value for column in range(5, 13)] == [
        6750, 4100, 1900, 667, 80, 3, 88.89, 60.74,
    ]  # fmt: skip
    assert units["E2"].number_format == "#,##0"
    assert units["K2"].number_format == '0.00" %"'
    assert {units.cell(2, column).data_type for column in range(5, 13)} == {"n"}
    hidden = next(row for row in units.iter_rows(values_only=True) if row[4] == HIDDEN)
    assert set(hidden[4:12]) == {HIDDEN}


def test_the_golden_row_stands_in_the_growth_sheet():
    book = opened(workbook.write(frozen(), None))
    head, row = rows_of(book, "Pertumbuhan")[:2]
    told = dict(zip(head, row, strict=True))
    assert (told["Jumlah awal (terendah)"], told["Jumlah terakhir (tertinggi)"]) == (7200, 8582)
    assert (told["Pertambahan (terendah)"], told["Pertambahan (tertinggi)"]) == (1382, 1382)
    assert told["Pertumbuhan (terendah)"] == told["Pertumbuhan (tertinggi)"] == 19.19
    assert told["Ketercapaian (tertinggi)"] == 20.47
    assert told["Kekurangan (terendah)"] == 5368
    assert told["Pernyataan"] == "Pertumbuhan di bawah 20 %: terbukti."
    assert told["Usia daftar"] == "3 hari"


def test_days_without_a_reading_are_empty_cells_and_gaps_of_the_chart():
    file = workbook.write(frozen(), None)
    days = rows_of(opened(file), "Deret harian")[1:]
    assert days[0][:3] == (datetime(2026, 11, 1, 0, 0), 7210, 7210)  # noqa: DTZ001
    assert [number for number, row in enumerate(days) if row[1] is None] == [6, 7, 15]
    with ZipFile(BytesIO(file)) as parts:
        chart = parts.read("xl/charts/chart1.xml").decode()
    # Excel leaves gaps where it is not told to draw zeros or to span them.
    assert "dispBlanksAs" not in chart
    assert "'Deret harian'!$B$2:$B$27" in chart


def test_nips_are_texts_with_all_their_digits():
    book = opened(workbook.write(frozen(), [person(number=n) for n in range(1, 4)]))
    cells = [row[2] for row in book["Pegawai"].iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == [nip(1), nip(2), nip(3)]
    assert {(cell.data_type, cell.number_format) for cell in cells} <= {
        ("inlineStr", "@"), ("s", "@"),
    }  # fmt: skip


def test_hostile_names_are_texts_and_nothing_is_a_formula_or_a_link():
    hostile = frozen(
        title=HOSTILE[0],
        government={"name": HOSTILE[1]},
        official_accounts=[official_account(each, f"a{n}") for n, each in enumerate(HOSTILE)],
        recaps={
            **content()["recaps"],
            "work_unit": [
                row(f"u{n}", each, "declare", counts(9, 5, 1), code=each, depth=0)
                for n, each in enumerate(HOSTILE)
            ],
        },
    )
    file = workbook.write(hostile, [person(each, unit_name=each) for each in HOSTILE])
    book = opened(file)
    assert [row[1] for row in rows_of(book, "Per OPD")[1:]] == list(map(read_back, HOSTILE))
    assert [row[3] for row in rows_of(book, "Pegawai")[1:]] == list(map(read_back, HOSTILE))
    assert [row[0] for row in rows_of(book, "Pertumbuhan")[1:14]] == list(map(read_back, HOSTILE))
    for sheet in book:
        for cells in sheet.iter_rows():
            for cell in cells:
                assert cell.data_type != "f", cell
                assert cell.hyperlink is None, cell
    with ZipFile(BytesIO(file)) as parts:
        sheets_of = [n for n in parts.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+.xml", n)]
        assert len(sheets_of) == 10
        assert not any(b"<f>" in parts.read(name) for name in sheets_of)
        assert not any("externalLink" in name for name in parts.namelist())


def read_back(text: str) -> str:
    """How XLSX writes a character that XML cannot hold."""
    return text.replace("\r", "_x000D_")


@pytest.mark.parametrize("listed", [None, [person()]], ids=["plain", "with-people"])
def test_the_same_report_gives_the_same_bytes(listed):
    file = workbook.write(frozen(), listed)
    assert file == workbook.write(frozen(), listed)
    properties = opened(file).properties
    assert properties.created == properties.modified == datetime(2026, 11, 26, 2, 0)  # noqa: DTZ001
    assert properties.title == "Laporan PPPK mengikuti akun resmi"


def test_more_people_than_a_sheet_holds_go_to_the_next_one(monkeypatch: pytest.MonkeyPatch):
    # The limit of a sheet is the outside world's; a million rows would only take a minute.
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    book = opened(workbook.write(frozen(), [person(str(n)) for n in range(5)]))
    names = [each for each in book.sheetnames if each.startswith("Pegawai")]
    assert names == ["Pegawai", "Pegawai 2", "Pegawai 3"]
    assert [row[3] for each in names for row in rows_of(book, each)[1:]] == list("01234")


MANY = """
import re, time
from pathlib import Path
from uuid import UUID
from app.reports import workbook
from app.reports.people import ListedPerson
from tests.reports.invented import frozen
listed = [
    ListedPerson(f"16.{n % 200:03d}", f"Dinas Nomor {n % 200} Provinsi Sumatera Selatan",
                 f"19900101202421{n % 9000 + 1000:04d}", f"Pegawai Bernama {n}", "follow",
                 "Pemprov Sumsel", "instagram", "absent_from_two_complete_lists", UUID(int=n))
    for n in range(100_000)
]
begun = time.process_time()
size = len(workbook.write(frozen(), listed))
seconds = time.process_time() - begun
# What getrusage tells of a new process includes what the one that started it held.
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(size, seconds, int(peak[1]) / 1024)
"""


def test_a_hundred_thousand_people_fit_into_little_memory_and_time():
    # In a process of its own: the memory of this one tells of all tests before.
    made = subprocess.run(
        [sys.executable, "-c", MANY], cwd=ROOT, capture_output=True, text=True, check=True
    )
    size, seconds, peak = map(float, made.stdout.split())
    assert size > 1_000_000
    assert seconds < 20
    assert peak < 256


def test_a_report_without_rows_is_a_workbook_too():
    empty = frozen(duties=[], official_accounts=[], recaps={by: [] for by in content()["recaps"]})
    book = opened(workbook.write(empty, []))
    assert len(rows_of(book, "Per OPD")) == 1
    assert len(rows_of(book, "Pegawai")) == 1
