"""The printed pages: what they say, that names stay names, and that nothing runs off the paper."""

from typing import Any

import pypdfium2
import pytest

from app.reports import pages
from app.reports.document import Frozen
from app.reports.wording import HIDDEN, under_twenty
from tests.reports.invented import (
    DIGEST,
    HOSTILE,
    START,
    content,
    counts,
    duties,
    empty_account,
    frozen,
    growing,
    interval,
    official_account,
    reading,
    row,
    units,
)

A4 = (595, 842)
EDGE = 30
ACCUSING = ("pelanggar", "melanggar", "lalai", "mangkir", "sanksi", "hukuman", "tidak patuh")
UNDECIDABLE = official_account(
    "Diskominfo Sumsel",
    "a2",
    platform="youtube",
    baseline=reading(7150, 7249, START, "rounded"),
    gain=interval(1333, 1432),
    growth_percent=interval(18.39, 20.03),
    attainment_percent=interval(19.75, 21.21),
    shortfall=interval(5318, 5417),
    growth_under_20_percent="undecidable",
    under_20_percent_text=under_twenty("undecidable"),
    series=growing(7200, 8500, (3, 9), width=80),
)


def texts(file: bytes) -> list[str]:
    """What each page says, its white space evened out."""
    with pypdfium2.PdfDocument(file) as document:
        told = [page.get_textpage().get_text_bounded() for page in document]
    evened = [" ".join(page.split()) for page in told]
    return [page.replace(pages.BREAK + " ", "").replace(pages.BREAK, "") for page in evened]


def whole(report: Frozen) -> str:
    return " ".join(texts(pages.write(report)))


def test_the_key_figures_are_printed_as_indonesians_write_them():
    said = whole(frozen(official_accounts=[official_account("Pemprov Sumsel"), UNDECIDABLE]))
    for figure in (
        "Laporan Nomor 007/SIMEDSOS/2026", "Data per 26 November 2026 pukul 09.00 WIB", DIGEST,
        "Surat Edaran Gubernur Nomor 555/1/2026", "8.582", "1.382", "19,19 %", "20,47 %", "5.368",
        "Pertumbuhan di bawah 20 %: terbukti.", "1.333 s.d. 1.432", "18,39 % s.d. 20,03 %",
        "19,75 % s.d. 21,21 %", "5.318 s.d. 5.417", "7.150 s.d. 7.249",
        "tidak dapat dipastikan dari data yang ada", "10 Januari 2027 s.d. 20 Februari 2027",
        "Garis terputus pada 3 dari 26 titik", "4.100", "88,89 %",
    ):  # fmt: skip
        assert figure in said, figure
    for section in (
        "Ringkasan", "Pertumbuhan akun resmi", "Rekapitulasi per OPD",
        "Yang belum diketahui dan sebabnya", "Cara membaca laporan ini", "Definisi",
    ):  # fmt: skip
        assert section in said, section


def test_every_page_bears_the_reports_number_and_its_own():
    printed = texts(pages.write(frozen(recaps={**content()["recaps"], "work_unit": units(150)})))
    assert len(printed) > 8
    for number, page in enumerate(printed, start=1):
        assert f"Halaman {number} dari {len(printed)}" in page
        assert "007/SIMEDSOS/2026" in page
    over = [page for page in printed if "Penataan Ruang" in page]
    assert len(over) > 4
    assert all("Unit kerja" in page and "Belum terkonfirmasi" in page for page in over)


LONG = "Bidang Pengelolaan Sumber Daya Air dan Irigasi " * 6
MANY = counts(9_999_999, 5, 1)
UNBROKEN = "Pemerintahkabupaten" * 15


@pytest.mark.parametrize(
    "report",
    [
        pytest.param({}, id="demo"),
        pytest.param(
            {"recaps": {**content()["recaps"], "work_unit": units(150, long=True)}}, id="150-units"
        ),
        pytest.param(
            {
                "title": UNBROKEN,
                "government": {"name": UNBROKEN},
                "officer": UNBROKEN,
                "official_accounts": [official_account(UNBROKEN, f"a{n}") for n in range(5)],
                "recaps": {
                    **content()["recaps"],
                    "work_unit": [
                        row(f"u{n}", name, "declare", MANY, code="9" * 40, depth=n)
                        for n, name in enumerate([LONG, UNBROKEN] * 6)
                    ],
                    "category": [row("c", UNBROKEN, "declare", MANY)],
                },
            },
            id="long-names",
        ),
        pytest.param(
            {
                "duties": [],
                "official_accounts": [],
                "recaps": {by: [] for by in content()["recaps"]},
            },
            id="nothing",
        ),
        pytest.param(
            {
                "duties": duties(counts(6750, 0, 0), counts(0, 0, 0)),
                "official_accounts": [empty_account("Pemprov", "a1")],
            },
            id="everything-unknown",
        ),
        pytest.param({"duties": duties(None, None)}, id="everything-hidden"),
    ],
)  # fmt: skip
def test_whatever_the_report_tells_it_stays_on_the_paper(report: dict[str, Any]):
    with pypdfium2.PdfDocument(pages.write(frozen(**report))) as document:
        for page in document:
            assert tuple(round(side) for side in page.get_size()) == A4
            text = page.get_textpage()
            for number in range(text.count_chars()):
                if text.get_text_range(number, 1).strip():
                    left, bottom, right, top = text.get_charbox(number)
                    assert left > EDGE
                    assert right < A4[0] - EDGE, text.get_text_range(max(0, number - 30), 31)
                    assert bottom > EDGE
                    assert top < A4[1] - EDGE


PLAIN = [each for each in HOSTILE if each.isprintable()]


@pytest.mark.parametrize("names", [PLAIN, *([PLAIN[n], PLAIN[-n - 1]] for n in range(6))], ids=len)
def test_hostile_names_are_printed_as_they_are(names: list[str]):
    """Many accounts stand in a table, few in boxes."""
    hostile = frozen(
        title=names[0],
        officer=names[1],
        official_accounts=[official_account(each, f"a{n}") for n, each in enumerate(names)],
        recaps={
            **content()["recaps"],
            "work_unit": [
                row(f"u{n}", each, "declare", counts(9, 5, 1), code="", depth=0)
                for n, each in enumerate(HOSTILE)
            ],
        },
    )
    said = whole(hostile)
    for each in names:
        assert said.count(each) >= 3, each
    assert "root:" not in said


def test_what_is_hidden_or_unknown_is_said_and_nobody_is_accused():
    said = whole(frozen(duties=duties(counts(6750, 0, 0), None)))
    assert "data sudah lama dan menunggu pembaruan 6.750" in said
    assert said.count(HIDDEN) >= 3
    assert "bukan penilaian akhir" in said
    assert not [word for word in ACCUSING if word in said.lower()]


def test_the_same_report_gives_the_same_bytes():
    file = pages.write(frozen())
    assert file == pages.write(frozen())
    with pypdfium2.PdfDocument(file) as document:
        facts = document.get_metadata_dict()
    assert facts["CreationDate"].startswith("D:20261126020000")
    assert facts["Title"] == "Laporan PPPK mengikuti akun resmi (007/SIMEDSOS/2026)"
