"""Which column headings mean what: ours, and those that personnel systems commonly write."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.errors import UnsupportedFile
from app.employees.rules import Category, Standing
from app.exchange.kinds import ImportKind
from app.siasn.rules import STANDINGS as SIASN_STANDINGS
from app.siasn.rules import letters


class ColumnsMissing(UnsupportedFile):
    """The file has no column {missing}; the first line must name the columns: {expected}."""


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a row: its name with us, what it holds, and other headings for it.

    Where a file has several of its headings, the one that stands first here is read; our own name
    of it stands last.
    """

    name: str
    about: str
    headings: Sequence[str]
    required: bool


def _column(name: str, about: str, *aliases: str, required: bool = True) -> Column:
    return Column(name, about, tuple(dict.fromkeys(map(folded, (*aliases, name)))), required)


def folded(heading: str) -> str:
    """A heading as it is compared: `NIP_BARU`, `Nip Baru` and `nip.baru` are one."""
    return " ".join(SEPARATORS.sub(" ", heading).split()).casefold()


SEPARATORS = re.compile(r"[_.\-/]")
# Headings of BKN's "Export Data ASN" (NIP BARU, UNOR ID, KEDUDUKAN HUKUM NAMA, in capitals or in
# snake_case) and of exports of SIMPEG as governments write them, as public software reads both.
NIP = ("nip baru", "no nip", "nomor induk pegawai", "nip pegawai")
UNOR = ("unor id", "id unor", "kode unor bkn")
COLUMNS: Mapping[ImportKind, Sequence[Column]] = {
    ImportKind.EMPLOYEES: (
        _column("nip", "18 angka; format kolom sebagai Teks", *NIP),
        _column("name", "nama lengkap", "nama", "nama lengkap", "nama pegawai"),
        _column(
            "category",
            "pns, pppk atau pppk paruh waktu",
            "jenis pegawai",
            "jenis asn",
            "status kepegawaian",
            "kategori",
            "jenis pegawai nama",
            "status cpns pns",
        ),
        _column(
            "unit_code",
            "kode unit kerja, seperti pada impor unit kerja",
            "kode unit",
            "kode unor",
            "kode skpd",
            "kode opd",
            "kode unit kerja",
            required=False,
        ),
        _column("unor_id", "ID unor BKN, bila kode unit kerja kosong", *UNOR, required=False),
        _column("position", "jabatan", "jabatan", "nama jabatan", "jabatan nama", required=False),
        _column(
            "standing",
            "kedudukan hukum; kosong: tetap seperti tercatat, pegawai baru aktif",
            "kedudukan",
            "kedudukan hukum",
            "kedudukan hukum nama",
            "kedudukan pns nama",
            required=False,
        ),
        _column(
            "email",
            "surel dinas",
            "email gov",
            "email dinas",
            "surel dinas",
            "e mail",
            "surel",
            "alamat email",
            "alamat surel",
            required=False,
        ),
        _column(
            "phone",
            "nomor telepon genggam",
            "telepon",
            "no telepon",
            "no hp",
            "nomor hp",
            "hp",
            "whatsapp",
            "no wa",
            "nomor wa",
            required=False,
        ),
    ),
    ImportKind.ACCOUNTS: (
        _column("nip", "18 angka; format kolom sebagai Teks", *NIP),
        _column(
            "platform", "boleh kosong bila akun ditulis sebagai tautan", "media sosial", "medsos"
        ),
        _column(
            "account",
            "tautan atau nama akun; atau: tidak punya",
            "akun",
            "tautan",
            "link",
            "url",
            "nama akun",
        ),
        _column(
            "attested_on",
            "hari akun diverifikasi petugas, seperti 2026-11-24",
            "tanggal verifikasi",
            "diverifikasi pada",
            required=False,
        ),
    ),
    ImportKind.WORK_UNITS: (
        _column(
            "code", "kode unit kerja", "kode", "kode unit", "kode unor", "kode skpd", "kode opd"
        ),
        _column(
            "name", "nama unit kerja", "nama", "nama unit", "nama unor", "unit kerja", "unor nama"
        ),
        _column("parent_code", "kode unit induk", "kode induk", "kode atasan", required=False),
        _column("bkn_unor_id", "ID unor BKN", *UNOR, required=False),
    ),
}
# At least one column of each of these must be there.
EITHER: Mapping[ImportKind, Sequence[Sequence[str]]] = {
    ImportKind.EMPLOYEES: (("unit_code", "unor_id"),),
    ImportKind.ACCOUNTS: (),
    ImportKind.WORK_UNITS: (),
}

# BKN goes on behind these words: "PNS Daerah Prov", "PNS Pusat DPK". The longer ones come first.
CATEGORIES: Sequence[tuple[str, Category]] = (
    ("pppk paruh waktu", Category.PPPK_PARUH_WAKTU),
    ("p3k paruh waktu", Category.PPPK_PARUH_WAKTU),
    ("pppk", Category.PPPK),
    ("p3k", Category.PPPK),
    ("cpns", Category.PNS),
    ("pns", Category.PNS),
)

STANDINGS: Mapping[str, Standing] = {
    **{each.value: each for each in Standing},
    "aktif": Standing.ACTIVE,
    "cuti": Standing.ON_LEAVE,
    "cltn": Standing.ON_LEAVE,
    "tugas belajar": Standing.STUDY,
    "pemberhentian sementara": Standing.SUSPENDED,
    "pensiun": Standing.RETIRED,
    "diberhentikan": Standing.DISMISSED,
    "keluar": Standing.LEFT,
    "pindah": Standing.LEFT,
}

# An answer to "what is your account?" that says there is none, which is not the same as no answer.
NONE_WORDS = frozenset({"tidak punya", "tidak ada", "tidak memiliki", "none"})


def category_of(cell: str) -> Category | None:
    """The category that a cell names; None for words that are not known."""
    words = folded(cell)
    return next(
        (each for start, each in CATEGORIES if words == start or words.startswith(f"{start} ")),
        None,
    )


def standing_of(cell: str) -> Standing | None:
    """The legal standing that a cell names, in our words or in SIASN's; None for others."""
    words = " ".join(cell.split()).casefold()
    return STANDINGS.get(words) or SIASN_STANDINGS.get(letters(words))


def locate(kind: ImportKind, headings: Sequence[str]) -> dict[str, int]:
    """The position of each known column among a file's headings.

    Raises:
        ColumnsMissing: a required column is not there.
    """
    places: dict[str, int] = {}
    for position, heading in enumerate(headings):
        places.setdefault(folded(heading), position)
    found: dict[str, int] = {}
    for column in COLUMNS[kind]:
        named = next((each for each in column.headings if each in places), None)
        if named is not None:
            found[column.name] = places[named]
    missing = [each.name for each in COLUMNS[kind] if each.required and each.name not in found]
    missing += [" or ".join(group) for group in EITHER[kind] if not found.keys() & set(group)]
    if missing:
        expected = ", ".join(each.name for each in COLUMNS[kind])
        raise ColumnsMissing(missing=missing[0], expected=expected)
    return found
