"""Which column headings mean what: ours, and those that personnel systems commonly write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.errors import UnsupportedFile
from app.employees.rules import Category, Standing
from app.exchange.models import ImportKind


class ColumnsMissing(UnsupportedFile):
    """The file has no column {missing}; the first line must name the columns: {expected}."""


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a row: its name with us, other headings for it, whether it must be there."""

    name: str
    aliases: frozenset[str]
    required: bool


def _column(name: str, *aliases: str, required: bool = True) -> Column:
    return Column(name, frozenset({name, *aliases}), required)


COLUMNS: Mapping[ImportKind, Sequence[Column]] = {
    ImportKind.EMPLOYEES: (
        _column("nip", "nip baru", "nip_baru", "no nip"),
        _column("name", "nama", "nama lengkap", "nama pegawai"),
        _column("category", "jenis pegawai", "jenis asn", "status kepegawaian", "kategori"),
        _column("unit_code", "kode unit", "kode unor", "kode skpd", "kode opd"),
        _column("position", "jabatan", "nama jabatan", required=False),
        _column("standing", "kedudukan", "kedudukan hukum", required=False),
        _column("email", "e-mail", "surel", "alamat email", "alamat surel", required=False),
        _column(
            "phone",
            "telepon",
            "no telepon",
            "no_hp",
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
        _column("nip", "nip baru", "nip_baru", "no nip"),
        _column("platform", "media sosial", "medsos"),
        _column("account", "akun", "tautan", "link", "url", "nama akun"),
        _column("attested_on", "tanggal verifikasi", "diverifikasi pada", required=False),
    ),
    ImportKind.WORK_UNITS: (
        _column("code", "kode", "kode unit", "kode unor", "kode skpd"),
        _column("name", "nama", "nama unit", "nama unor", "unit kerja"),
        _column("parent_code", "kode induk", "kode atasan", required=False),
    ),
}

CATEGORIES: Mapping[str, Category] = {
    **{each.value: each for each in Category},
    "pns": Category.PNS,
    "p3k": Category.PPPK,
    "pppk paruh waktu": Category.PPPK_PARUH_WAKTU,
}

STANDINGS: Mapping[str, Standing] = {
    "": Standing.ACTIVE,
    **{each.value: each for each in Standing},
    "aktif": Standing.ACTIVE,
    "cuti": Standing.ON_LEAVE,
    "cltn": Standing.ON_LEAVE,
    "tugas belajar": Standing.STUDY,
    "pemberhentian sementara": Standing.SUSPENDED,
    "pensiun": Standing.RETIRED,
    "diberhentikan": Standing.DISMISSED,
}

# An answer to "what is your account?" that says there is none, which is not the same as no answer.
NONE_WORDS = frozenset({"tidak punya", "tidak ada", "tidak memiliki", "none"})


def locate(kind: ImportKind, headings: Sequence[str]) -> dict[str, int]:
    """The position of each known column among a file's headings.

    Raises:
        ColumnsMissing: a required column is not there.
    """
    found: dict[str, int] = {}
    cleaned = [" ".join(heading.split()).casefold() for heading in headings]
    for column in COLUMNS[kind]:
        for position, heading in enumerate(cleaned):
            if heading in column.aliases and column.name not in found:
                found[column.name] = position
        if column.required and column.name not in found:
            expected = ", ".join(each.name for each in COLUMNS[kind])
            raise ColumnsMissing(missing=column.name, expected=expected)
    return found
