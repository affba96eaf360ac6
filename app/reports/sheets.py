"""What each sheet of the workbook shows: columns and rows, without a word about files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, TypeAlias

from app.core.clock import JAKARTA
from app.reports import wording
from app.reports.document import Frozen, known_percent, met_percent
from app.reports.people import ListedPerson

# A sheet ends at 1,048,576 rows, and what is written beyond would be lost without a word.
MOST_ROWS = 1_000_000
GROWTH = "Pertumbuhan"
SERIES = "Deret harian"


class Kind(Enum):
    """How the numbers of a column are shown; a text in it is a text all the same."""

    TEXT = auto()
    WHOLE = auto()
    PERCENT = auto()
    MOMENT = auto()
    DAY = auto()


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment as a cell holds it: without a zone, in WIB."""

    at: datetime
    kind: Kind = Kind.MOMENT


@dataclass(frozen=True, slots=True)
class Percent:
    """A percentage among other numbers."""

    value: float


Cell: TypeAlias = str | int | float | Moment | Percent | None


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, a width in characters, and how numbers below it are shown."""

    title: str
    width: int
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Sheet:
    """One view; None is an empty cell: nothing was read, and nothing is made up."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


COUNTS = [Column(title, 14, Kind.WHOLE) for title in wording.COUNTS.values()]
SHARES = [Column("Cakupan", 11, Kind.PERCENT), Column("Capaian", 11, Kind.PERCENT)]
NOTE = Column("Catatan", 60)


def moment(iso: str | None) -> Moment | None:
    return None if iso is None else Moment(datetime.fromisoformat(iso).astimezone(JAKARTA))


def counted(row: Mapping[str, Any]) -> list[Cell]:
    """Six counts, two shares and a note; hidden numbers say that they are hidden."""
    counts = row["counts"]
    if counts is None:
        hidden = (wording.HIDDEN for _ in (*COUNTS, *SHARES))
        return [*hidden, wording.HIDDEN_BECAUSE]
    return [
        *(counts[name] for name in wording.COUNTS),
        known_percent(counts),
        met_percent(counts),
        "",
    ]


def summary(frozen: Frozen) -> Sheet:
    content = frozen.content
    rows = [*_heading(frozen), *_campaign(content), *_totals(content)]
    for each in content["paused_accounts"]:
        name = f"{each['name']} ({wording.PLATFORMS[each['platform']]})"
        rows.append(("Akun resmi yang dijeda", name, wording.pause(each)))
    rows.append(("Angka kecil", content["suppression"]["shown_as"], content["suppression"]["text"]))
    columns = [Column("Bagian", 26), Column("Keterangan", 38), Column("Nilai", 70, Kind.WHOLE)]
    return Sheet("Ringkasan", columns, rows)


def _heading(frozen: Frozen) -> Iterator[tuple[Cell, ...]]:
    content = frozen.content
    for name, value in (
        ("Nomor", content["number"]),
        ("Judul", content["title"]),
        ("Pemerintah daerah", content["government"]["name"]),
        ("Disusun oleh", content["officer"] or content["created_by"]),
        ("Keadaan per (WIB)", moment(content["valid_at"])),
        ("Diketahui per (WIB)", moment(content["known_at"])),
        ("SHA-256 dokumen", frozen.digest),
    ):
        yield "Laporan", name, value


def _campaign(content: Mapping[str, Any]) -> Iterator[tuple[Cell, ...]]:
    campaign, cohort = content["campaign"], content["cohort"]
    evaluated = content["data_age"]["evaluated"]
    for name, value in (
        ("Kampanye", campaign["title"]),
        ("Dasar hukum", campaign["legal_basis"]),
        ("Nomor dokumen", campaign["document_number"]),
        ("Mulai (WIB)", moment(campaign["starts_at"])),
        ("Selesai (WIB)", moment(campaign["ends_at"])),
        ("Masa tenggang (hari)", campaign["grace_days"]),
        ("Pertambahan yang diharapkan", campaign["expected_gain"]),
        *(("Kewajiban", wording.duty(each)) for each in campaign["duties"]),
    ):
        yield "Kampanye", name, value
    for name, value in (
        ("Anggota saat dibekukan", cohort["size"]),
        ("Dibekukan pada (WIB)", moment(cohort["frozen_at"])),
        ("SHA-256 daftar anggota", cohort["hash"]),
        ("Anggota sekarang", cohort["members"]),
        ("Akan bertambah menurut saringan", cohort["joiners"]),
        ("Akan berkurang menurut saringan", cohort["leavers"]),
    ):
        yield "Kohor", name, value
    told = moment(evaluated["at"]) if evaluated else "belum pernah"
    yield "Usia data", "Penilaian terakhir (WIB)", told
    yield "Usia data", "Usia penilaian", evaluated["age_text"] if evaluated else wording.NOTHING


def _totals(content: Mapping[str, Any]) -> Iterator[tuple[Cell, ...]]:
    for duty in content["duties"]:
        name = wording.DUTIES[duty["duty"]]
        counts = duty["counts"]
        if counts is None:
            yield name, "Semua angka", wording.HIDDEN
            continue
        for key, title in wording.COUNTS.items():
            yield name, title, counts[key]
        for title, share in (
            ("Cakupan", duty["known_percent"]),
            ("Capaian", duty["met_percent"]),
        ):
            yield name, title, Percent(share) if share is not None else wording.NOTHING


def by_unit(frozen: Frozen) -> Sheet:
    columns = [
        Column("Kode", 16), Column("Unit kerja", 50), Column("Tingkat", 9, Kind.WHOLE),
        Column("Kewajiban", 26), *COUNTS, *SHARES, NOTE,
    ]  # fmt: skip
    rows = [
        (each["code"], each["name"], each["depth"], wording.DUTIES[each["duty"]], *counted(each))
        for each in frozen.content["recaps"]["work_unit"]
    ]
    return Sheet("Per OPD", columns, rows)


def by_category(frozen: Frozen) -> Sheet:
    columns = [Column("Kategori", 24), Column("Kewajiban", 26), *COUNTS, *SHARES, NOTE]
    return Sheet("Per kategori", columns, _plain(frozen, "category"))


def by_platform(frozen: Frozen) -> Sheet:
    columns = [Column("Platform", 24), Column("Kewajiban", 26), *COUNTS, *SHARES, NOTE]
    return Sheet("Per platform", columns, _plain(frozen, "platform"))


def _plain(frozen: Frozen, by: str) -> list[Sequence[Cell]]:
    return [
        (each["name"], wording.DUTIES[each["duty"]], *counted(each))
        for each in frozen.content["recaps"][by]
    ]


def by_official_account(frozen: Frozen) -> Sheet:
    columns = [
        Column("Akun resmi", 40), Column("Platform", 14), Column("Kewajiban", 26),
        *COUNTS, *SHARES, NOTE,
    ]  # fmt: skip
    rows = [
        (
            each["name"],
            wording.PLATFORMS.get(each["platform"] or "", wording.NOTHING),
            wording.DUTIES[each["duty"]],
            *counted(each),
        )
        for each in frozen.content["recaps"]["official_account"]
    ]
    return Sheet("Per akun resmi", columns, rows)


def _ends(title: str, kind: Kind = Kind.WHOLE) -> list[Column]:
    return [Column(f"{title} (terendah)", 16, kind), Column(f"{title} (tertinggi)", 16, kind)]


GROWTH_COLUMNS = [
    Column("Akun resmi", 40), Column("Platform", 14),
    *_ends("Jumlah awal"), Column("Dibaca pada (WIB)", 24), Column("Ketelitian awal", 22),
    *_ends("Jumlah terakhir"), Column("Dibaca pada (WIB)", 24), Column("Ketelitian terakhir", 22),
    *_ends("Pertambahan"), *_ends("Pertumbuhan", Kind.PERCENT), Column("Pernyataan", 60),
    Column("Pertambahan yang diharapkan", 16, Kind.WHOLE),
    *_ends("Ketercapaian", Kind.PERCENT), *_ends("Kekurangan"),
    *_ends("Dari anggota kohor"), *_ends("Anggota yang sudah mengikuti"), *_ends("Dari yang lain"),
    *_ends("Masih mungkin"), Column("Perkiraan tercapai", 50), Column("Mendatar", 12),
    Column("Usia pembacaan", 18), Column("Daftar terakhir (WIB)", 24),
    Column("Sertifikat daftar", 20), Column("Usia daftar", 18),
]  # fmt: skip


def growth(frozen: Frozen) -> Sheet:
    ages = {
        each["official_account_id"]: each
        for each in frozen.content["data_age"]["official_accounts"]
    }
    rows = [
        _growth_row(each, ages[each["official_account_id"]])
        for each in frozen.content["official_accounts"]
    ]
    return Sheet(GROWTH, GROWTH_COLUMNS, rows)


def _pair(value: Mapping[str, Any] | None, *, hidden: bool = False) -> list[Cell]:
    if hidden:
        return [wording.HIDDEN, wording.HIDDEN]
    return [None, None] if value is None else [value["min"], value["max"]]


def _reading(value: Mapping[str, Any] | None) -> list[Cell]:
    if value is None:
        return [None, None, None, wording.NOT_KNOWN]
    precision = wording.PRECISIONS[value["precision"]]
    return [value["min"], value["max"], moment(value["observed_at"]), precision]


def _growth_row(account: Mapping[str, Any], ages: Mapping[str, Any]) -> list[Cell]:
    hidden = account["people_suppressed"]
    whose = account["attribution"] or {}
    reading, listed = ages["last_reading"], ages["last_list"]
    plateau = "ya" if account["pace"] and account["pace"]["plateau"] else "belum terlihat"
    return [
        account["name"],
        wording.PLATFORMS[account["platform"]],
        *_reading(account["baseline"]),
        *_reading(account["current"]),
        *_pair(account["gain"]),
        *_pair(account["growth_percent"]),
        account["under_20_percent_text"],
        account["expected_gain"],
        *_pair(account["attainment_percent"]),
        *_pair(account["shortfall"]),
        *(
            cell
            for part in ("cohort_new", "cohort_before", "other")
            for cell in _pair(whose.get(part), hidden=hidden)
        ),
        *_pair(account["reachable_gain"], hidden=hidden),
        wording.forecast(account["pace"]),
        plateau,
        reading["age_text"] if reading else wording.NOT_KNOWN,
        moment(listed["at"]) if listed else None,
        wording.CERTIFICATES[listed["certificate"]] if listed else "belum ada daftar",
        listed["age_text"] if listed else wording.NOTHING,
    ]


def series(frozen: Frozen) -> Sheet:
    """One row a step; every account of a campaign has the same steps."""
    accounts = frozen.content["official_accounts"]
    columns = [Column("Tanggal (WIB)", 22)]
    for each in accounts:
        columns += _ends(f"{each['name']} ({wording.PLATFORMS[each['platform']]})")
    steps = [each["series"]["items"] for each in accounts]
    rows: list[Sequence[Cell]] = []
    for readings in zip(*steps, strict=True):
        start = datetime.fromisoformat(readings[0]["start"]).astimezone(JAKARTA)
        ends = [reading[end] for reading in readings for end in ("min", "max")]
        rows.append((Moment(start, Kind.DAY), *ends))
    return Sheet(SERIES, columns, rows)


def unknown(frozen: Frozen) -> Sheet:
    rows: list[Sequence[Cell]] = []
    for duty in frozen.content["duties"]:
        name = wording.DUTIES[duty["duty"]]
        if duty["suppressed"]:
            rows.append((name, wording.HIDDEN_BECAUSE, wording.HIDDEN))
        rows += [(name, each["text"], each["count"]) for each in duty["unknown_reasons"]]
    columns = [Column("Kewajiban", 26), Column("Sebab", 60), Column("Jumlah", 20, Kind.WHOLE)]
    return Sheet("Belum diketahui", columns, rows)


def definitions(frozen: Frozen) -> Sheet:
    columns = [Column("Istilah", 32), Column("Arti", 110), Column("Versi", 8, Kind.WHOLE)]
    rows = [(each["name"], each["text"], each["version"]) for each in frozen.content["definitions"]]
    return Sheet("Definisi", columns, rows)


SHEETS: Sequence[Callable[[Frozen], Sheet]] = (
    summary, by_unit, by_category, by_platform, by_official_account, growth, series, unknown,
)  # fmt: skip
PEOPLE_COLUMNS = [
    Column("Kode unit", 16), Column("Unit kerja", 44), Column("NIP", 22), Column("Nama", 36),
    Column("Kewajiban", 26), Column("Akun resmi", 34), Column("Platform", 14),
    Column("Keterangan", 56),
]  # fmt: skip


def people(listed: Sequence[ListedPerson]) -> Iterator[Sheet]:
    """Those who are not confirmed, on as many sheets as they need; one where there are none."""
    for first in range(0, max(1, len(listed)), MOST_ROWS):
        name = "Pegawai" if first == 0 else f"Pegawai {first // MOST_ROWS + 1}"
        yield Sheet(name, PEOPLE_COLUMNS, PeopleRows(listed[first : first + MOST_ROWS]))


class PeopleRows(Sequence[Sequence[Cell]]):
    """The rows of people, made one by one while they are written: there may be very many."""

    def __init__(self, listed: Sequence[ListedPerson]) -> None:
        self._listed = listed

    def __len__(self) -> int:
        return len(self._listed)

    def __getitem__(self, index: Any) -> Any:
        each = self._listed[index]
        return (
            each.unit_code,
            each.unit_name,
            each.nip,
            each.name,
            wording.DUTIES[each.duty],
            each.official_account,
            wording.PLATFORMS.get(each.platform or "", ""),
            wording.REASONS[each.reason],
        )
