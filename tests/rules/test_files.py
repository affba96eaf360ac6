"""What headings and cells of files mean, and when a full list lets too many leave; pure."""

import pytest

from app.employees.rules import Category, Standing
from app.exchange.columns import ColumnsMissing, category_of, locate, standing_of
from app.exchange.kinds import ImportKind
from app.exchange.rules import Accepted, Fault, Shrinking, check_employee
from tests.support import nip

# The headings of BKN's "Export Data ASN", as far as they matter here, among those that do not.
BKN = (
    "PNS ID", "NIP BARU", "NIP LAMA", "NAMA", "GELAR DEPAN", "AGAMA NAMA", "NIK", "NOMOR HP",
    "EMAIL", "EMAIL GOV", "ALAMAT", "JENIS PEGAWAI ID", "JENIS PEGAWAI NAMA",
    "KEDUDUKAN HUKUM ID", "KEDUDUKAN HUKUM NAMA", "STATUS CPNS PNS", "JABATAN ID", "JABATAN NAMA",
    "UNOR ID", "UNOR NAMA",
)  # fmt: skip
WANTED = {
    "nip": "NIP BARU", "name": "NAMA", "category": "JENIS PEGAWAI NAMA", "unor_id": "UNOR ID",
    "position": "JABATAN NAMA", "standing": "KEDUDUKAN HUKUM NAMA", "email": "EMAIL GOV",
    "phone": "NOMOR HP",
}  # fmt: skip


@pytest.mark.parametrize("write", [str, lambda text: text.lower().replace(" ", "_"), str.title])
def test_the_export_of_bkn_is_understood(write):
    found = locate(ImportKind.EMPLOYEES, [write(each) for each in BKN])
    assert found == {name: BKN.index(heading) for name, heading in WANTED.items()}


@pytest.mark.parametrize(
    ("headings", "missing"),
    [
        (("NIP", "Nama", "Jenis ASN"), "unit_code or unor_id"),
        (("Nama", "Jenis ASN", "Kode Unit"), "nip"),
        (("NIK", "Nama", "Jenis ASN", "Kode Unit"), "nip"),
        (("NIP Lama", "Nama", "Jenis ASN", "Kode Unit"), "nip"),
    ],
)
def test_a_column_that_is_missing_is_named(headings, missing):
    with pytest.raises(ColumnsMissing, match=f"no column {missing};"):
        locate(ImportKind.EMPLOYEES, headings)


@pytest.mark.parametrize(
    ("cell", "category"),
    [
        ("PNS", Category.PNS),
        ("CPNS", Category.PNS),
        ("PNS Daerah Prov yang bekerja pada Prov", Category.PNS),
        ("p3k", Category.PPPK),
        ("PPPK", Category.PPPK),
        ("pppk_paruh_waktu", Category.PPPK_PARUH_WAKTU),
        ("PPPK Paruh Waktu", Category.PPPK_PARUH_WAKTU),
        ("PNSX", None),
        ("honorer", None),
        ("", None),
        ("bukan PNS", None),
    ],
)
def test_what_a_category_is_called(cell, category):
    assert category_of(cell) is category


@pytest.mark.parametrize(
    ("cell", "standing"),
    [
        ("Aktif", Standing.ACTIVE),
        ("PPPK Aktif", Standing.ACTIVE),
        ("on_leave", Standing.ON_LEAVE),
        ("Cuti di Luar Tanggungan Negara", Standing.ON_LEAVE),
        ("Pemberhentian Sementara", Standing.SUSPENDED),
        ("Mencapai BUP", Standing.RETIRED),
        ("pindah", Standing.LEFT),
        ("Masa Persiapan", None),
    ],
)
def test_what_a_standing_is_called(cell, standing):
    assert standing_of(cell) is standing


ROW = {"nip": nip(1), "name": "Budi", "category": "pppk", "unit_code": "16"}


@pytest.mark.parametrize(
    ("cells", "unit"),
    [
        ({}, ("16", None)),
        ({"unor_id": "A8ACA7"}, ("16", None)),
        ({"unit_code": "", "unor_id": " A8ACA7 "}, (None, "a8aca7")),
    ],
    ids=["code", "code-goes-first", "unor"],
)
def test_a_unit_is_named_by_its_code_or_by_bkn(cells, unit):
    checked = check_employee({**ROW, **cells})
    assert isinstance(checked, Accepted)
    assert (checked.values[3], checked.values[8]) == unit


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"unit_code": "", "unor_id": ""}, ("unit_code", "empty")),
        ({"unit_code": "", "unor_id": "x" * 400}, ("unor_id", "text")),
        ({"standing": "entah"}, ("standing", "unknown_standing")),
    ],
)
def test_what_cannot_be_read_names_its_column(cells, fault):
    checked = check_employee({**ROW, **cells})
    assert isinstance(checked, Fault)
    assert (checked.column, checked.code) == fault


def test_a_position_is_stored_without_what_cannot_be_shown():
    checked = check_employee({**ROW, "position": "Guru\x07 \u202eAhli"})
    assert isinstance(checked, Accepted)
    assert checked.values[4] == "Guru Ahli"


@pytest.mark.parametrize(
    ("before", "leavers", "expected", "asks"),
    [
        (100, 0, None, False),
        (100, 5, None, False),
        (100, 6, None, True),
        (100, 6, 6, False),
        (100, 6, 7, True),
        (100, 3, 2, True),
        (0, 0, None, False),
        (1, 1, None, True),
    ],
)
def test_when_a_full_list_asks_before_it_lets_people_leave(before, leavers, expected, asks):
    assert Shrinking(before, leavers, withheld=False).too_much(expected) is asks
