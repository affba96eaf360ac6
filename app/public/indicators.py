"""The published figures by the terms of Satu Data: variables, indicators, classifications; pure.

Fields follow the metadata of variables (MS-Var) and of indicators (MS-Ind) of Peraturan BPS 5/2020,
and the five parts of a standard by Peraturan BPS 4/2020. What a figure means stands in the
definitions alone; here are only their keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.reports.wording import CATEGORIES, COUNTS, PLATFORMS, PRECISIONS

# Moves whenever a field of the answer does.
SCHEMA_VERSION: Final = 1
STANDARDS: Final = (
    "Peraturan Presiden Nomor 39 Tahun 2019 tentang Satu Data Indonesia",
    "Peraturan Badan Pusat Statistik Nomor 4 Tahun 2020 (standar data statistik)",
    "Peraturan Badan Pusat Statistik Nomor 5 Tahun 2020 (metadata statistik)",
)
GROWTH: Final = "GET /v1/official-accounts/{account_id}/growth"
PROGRESS: Final = "GET /v1/campaigns/{campaign_id}/progress"
RECAP: Final = "GET /v1/campaigns/{campaign_id}/recap"
REPORT: Final = "GET /v1/reports/{report_id}.json"
SNAPSHOTS: Final = "GET /v1/official-accounts/{account_id}/snapshots"


class Classification(StrEnum):
    """By what figures are divided."""

    WORK_UNIT = "work_unit"
    PLATFORM = "platform"
    VERDICT = "verdict"
    CATEGORY = "category"
    OFFICIAL_ACCOUNT = "official_account"
    PRECISION = "precision"


NAMES: Final[Mapping[Classification, str]] = {
    Classification.WORK_UNIT: "Perangkat daerah dan unit kerja",
    Classification.PLATFORM: "Platform media sosial",
    Classification.VERDICT: "Status pelaksanaan",
    Classification.CATEGORY: "Jenis ASN",
    Classification.OFFICIAL_ACCOUNT: "Akun resmi",
    Classification.PRECISION: "Ketepatan pembacaan",
}
# Units and official accounts are each government's own; their codes come with the answers.
CODES: Final[Mapping[Classification, Mapping[str, str]]] = {
    Classification.WORK_UNIT: {},
    Classification.PLATFORM: PLATFORMS,
    Classification.VERDICT: {key: COUNTS[key] for key in COUNTS if key != "eligible"},
    Classification.CATEGORY: CATEGORIES,
    Classification.OFFICIAL_ACCOUNT: {},
    Classification.PRECISION: PRECISIONS,
}


@dataclass(frozen=True, slots=True)
class Variable:
    """What is observed, and the closed classification that each observation bears."""

    key: str
    name: str
    concept: str
    definition: str
    data_type: str
    measure: str
    unit: str | None
    time_reference: str
    validation: str
    classification: Classification
    answered_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Indicator:
    """What is computed of variables; its definition is the one of the same key."""

    key: str
    concept: str
    interpretation: str
    formula: str
    measure: str
    unit: str
    variables: tuple[str, ...]
    classifications: tuple[Classification, ...]
    frequency: str
    estimation_level: str
    answered_by: tuple[str, ...]


VARIABLES: Final = (
    Variable(
        "follower_count",
        "Jumlah pengikut akun resmi",
        "Pengikut akun media sosial",
        "Banyaknya pengikut sebuah akun resmi sebagaimana ditampilkan platform pada satu waktu;"
        " angka yang dibulatkan platform dicatat sebagai rentang. Pembacaan yang gagal tidak"
        " dicatat sebagai nol.",
        "bilangan bulat (rentang)",
        "Jumlah",
        "pengikut",
        "Saat pembacaan (observed_at)",
        "Tidak negatif; lonjakan yang mencurigakan ditahan sampai terbukti.",
        Classification.PRECISION,
        (SNAPSHOTS,),
    ),
    Variable(
        "status",
        "Status pelaksanaan kewajiban",
        "Pelaksanaan kewajiban ASN dalam kampanye",
        "Status seorang anggota kohor untuk satu kewajiban menurut bukti yang ada. Bukan penilaian"
        " akhir atas seseorang.",
        "kategori",
        "Status",
        None,
        "Saat penilaian terakhir (evaluated_at)",
        "Tepat satu status untuk setiap anggota dan kewajiban, disertai alasan.",
        Classification.VERDICT,
        (PROGRESS, RECAP),
    ),
)
BY_ACCOUNT: Final = (Classification.OFFICIAL_ACCOUNT, Classification.PLATFORM)
BY_COHORT: Final = (
    Classification.WORK_UNIT,
    Classification.CATEGORY,
    Classification.PLATFORM,
    Classification.OFFICIAL_ACCOUNT,
)
GROWING: Final = "Pertumbuhan pengikut akun resmi"
DOING: Final = "Pelaksanaan kewajiban ASN dalam kampanye"
KNOWING: Final = "Ketercakupan bukti"
PER_WINDOW: Final = "Setiap saat, untuk periode yang diminta (from sampai to)"
PER_JUDGING: Final = "Setiap penilaian; dijadwalkan setiap 15 menit"
OF_ACCOUNT: Final = "Akun resmi"
OF_UNIT: Final = "Unit kerja, instansi"


def _growing(
    key: str, interpretation: str, formula: str, measure: str = "Jumlah", unit: str = "pengikut"
) -> Indicator:
    return Indicator(
        key,
        GROWING,
        interpretation,
        formula,
        measure,
        unit,
        ("follower_count",),
        BY_ACCOUNT,
        PER_WINDOW,
        OF_ACCOUNT,
        (GROWTH, PROGRESS, REPORT),
    )


def _counted(key: str, interpretation: str, formula: str) -> Indicator:
    return Indicator(
        key,
        DOING,
        interpretation,
        formula,
        "Jumlah",
        "status",
        ("status",),
        BY_COHORT,
        PER_JUDGING,
        OF_UNIT,
        (PROGRESS, RECAP, REPORT),
    )


def _shared(key: str, concept: str, interpretation: str, formula: str) -> Indicator:
    return Indicator(
        key,
        concept,
        interpretation,
        formula,
        "Persentase",
        "persen",
        ("status",),
        BY_COHORT,
        "Saat laporan dibekukan",
        OF_UNIT,
        (REPORT,),
    )


INDICATORS: Final = (
    _growing(
        "gain",
        "Nilai positif berarti bertambah. Rentang yang memuat nol tidak membuktikan perubahan.",
        "current - baseline",
    ),
    _growing(
        "growth",
        "Semakin besar, semakin cepat bertambah menurut jumlah awal. Tanpa jumlah awal: kosong.",
        "gain / baseline x 100; batas rentang dari batas jumlah yang berlawanan",
        "Persentase",
        "persen",
    ),
    _growing(
        "attainment",
        "Nilai 100 atau lebih berarti pertambahan yang diharapkan tercapai.",
        "gain / expected_gain x 100",
        "Persentase",
        "persen",
    ),
    _growing(
        "shortfall",
        "Nol berarti pertambahan yang diharapkan tercapai.",
        "max(0, expected_gain - gain)",
    ),
    _counted(
        "eligible",
        "Banyaknya status yang dinilai; penyebut bagi capaian dan cakupan.",
        "met + unmet + unknown + excused + disputed",
    ),
    _counted("met", "Semakin besar, semakin banyak yang terbukti.", "jumlah status met"),
    _counted("unmet", "Bukan jumlah pelanggaran.", "jumlah status unmet"),
    _counted("unknown", "Bukan jumlah pelanggaran; bukti belum cukup.", "jumlah status unknown"),
    _counted(
        "excused", "Tetap dihitung dalam sasaran; bukan pelanggaran.", "jumlah status excused"
    ),
    _counted("disputed", "Tetap dihitung dalam sasaran sampai diputus.", "jumlah status disputed"),
    _shared(
        "known_share",
        KNOWING,
        "Semakin rendah, semakin hati-hati capaian harus dibaca.",
        "(met + unmet) / eligible x 100",
    ),
    _shared("met_share", DOING, "Dibaca bersama cakupan.", "met / eligible x 100"),
)
