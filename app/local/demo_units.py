"""The demo's work units: a tree as a province has it, with how many employees each unit holds."""

from dataclasses import dataclass
from typing import Final

ROOT_CODE: Final = "16"

_BUREAUS = (
    "Pemerintahan dan Otonomi Daerah",
    "Kesejahteraan Rakyat",
    "Hukum",
    "Perekonomian",
    "Administrasi Pembangunan",
    "Pengadaan Barang dan Jasa",
    "Organisasi",
    "Umum dan Perlengkapan",
    "Administrasi Pimpinan",
)
_OFFICES = (
    "Sekretariat Dewan Perwakilan Rakyat Daerah",
    "Inspektorat Daerah",
    "Dinas Pekerjaan Umum Bina Marga dan Tata Ruang",
    "Dinas Pengelolaan Sumber Daya Air",
    "Dinas Perumahan dan Kawasan Permukiman",
    "Satuan Polisi Pamong Praja",
    "Dinas Sosial",
    "Dinas Tenaga Kerja dan Transmigrasi",
    "Dinas Pemberdayaan Perempuan dan Perlindungan Anak",
    "Dinas Ketahanan Pangan dan Peternakan",
    "Dinas Lingkungan Hidup dan Pertanahan",
    "Dinas Kependudukan dan Pencatatan Sipil",
    "Dinas Pemberdayaan Masyarakat dan Desa",
    "Dinas Perhubungan",
    "Dinas Komunikasi dan Informatika",
    "Dinas Koperasi dan Usaha Kecil Menengah",
    "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu",
    "Dinas Pemuda dan Olahraga",
    "Dinas Kebudayaan dan Pariwisata",
    "Dinas Perpustakaan",
    "Dinas Kearsipan",
    "Dinas Kelautan dan Perikanan",
    "Dinas Pertanian Tanaman Pangan dan Hortikultura",
    "Dinas Perkebunan",
    "Dinas Kehutanan",
    "Dinas Energi dan Sumber Daya Mineral",
    "Dinas Perdagangan",
    "Dinas Perindustrian",
    "Badan Perencanaan Pembangunan Daerah",
    "Badan Pengelolaan Keuangan dan Aset Daerah",
    "Badan Pendapatan Daerah",
    "Badan Kepegawaian Daerah",
    "Badan Pengembangan Sumber Daya Manusia Daerah",
    "Badan Riset dan Inovasi Daerah",
    "Badan Penanggulangan Bencana Daerah",
    "Badan Kesatuan Bangsa dan Politik",
    "Badan Penghubung",
)
_TAX_OFFICE = "Badan Pendapatan Daerah"
# These are large enough to be worked by section, so that recaps have a third level to add up.
_WITH_SECTIONS = (
    "Badan Kepegawaian Daerah",
    _TAX_OFFICE,
    "Dinas Komunikasi dan Informatika",
    "Dinas Pekerjaan Umum Bina Marga dan Tata Ruang",
    "Dinas Perhubungan",
    "Dinas Sosial",
    "Satuan Polisi Pamong Praja",
)
_SECTIONS = ("Sekretariat", "Bidang I", "Bidang II", "Bidang III")
_HOSPITALS = (
    "RSUD Siti Fatimah Az-Zahra",
    "Rumah Sakit Ernaldi Bahar",
    "Rumah Sakit Khusus Mata Masyarakat",
    "Rumah Sakit Khusus Gigi dan Mulut",
    "Rumah Sakit Khusus Paru",
)
# How many senior and vocational schools the demo has in each regency or city.
_SCHOOLS: Final = {
    "Palembang": (8, 4),
    "Prabumulih": (2, 1),
    "Lubuk Linggau": (2, 1),
    "Pagar Alam": (2, 1),
    "Banyuasin": (3, 1),
    "Musi Banyuasin": (3, 1),
    "Ogan Ilir": (2, 1),
    "Ogan Komering Ilir": (3, 1),
    "Ogan Komering Ulu": (3, 1),
    "OKU Timur": (2, 1),
    "OKU Selatan": (2, 1),
    "Muara Enim": (3, 1),
    "Lahat": (3, 1),
    "Empat Lawang": (2, 1),
    "Musi Rawas": (2, 1),
    "Musi Rawas Utara": (1, 1),
    "PALI": (1, 1),
}

OFFICE_WEIGHT, SECTION_WEIGHT, SCHOOL_WEIGHT, HEALTH_WEIGHT = 20, 9, 60, 150


@dataclass(frozen=True, slots=True)
class DemoUnit:
    """A work unit; `weight` is its share of the employees, none where only sub-units have any."""

    code: str
    name: str
    parent_code: str
    kind: str
    weight: int


def build_units() -> list[DemoUnit]:
    """The whole tree, parents before their sub-units."""
    root = DemoUnit(ROOT_CODE, "Pemerintah Provinsi Sumatera Selatan", "", "root", 0)
    heads = [
        DemoUnit(f"{ROOT_CODE}.01", "Sekretariat Daerah", ROOT_CODE, "office", 0),
        DemoUnit(f"{ROOT_CODE}.02", "Dinas Pendidikan", ROOT_CODE, "office", 40),
        DemoUnit(f"{ROOT_CODE}.03", "Dinas Kesehatan", ROOT_CODE, "office", 25),
    ]
    offices = [
        DemoUnit(f"{ROOT_CODE}.{place:02}", name, ROOT_CODE, "office", OFFICE_WEIGHT)
        for place, name in enumerate(_OFFICES, start=len(heads) + 1)
    ]
    units = [root, *heads, *offices]
    secretariat, education, health = heads
    units += _below(secretariat, [f"Biro {name}" for name in _BUREAUS], "office", SECTION_WEIGHT)
    units += _below(education, _school_names(), "school", SCHOOL_WEIGHT)
    units += _below(health, list(_HOSPITALS), "hospital", HEALTH_WEIGHT)
    for office in offices:
        if office.name in _WITH_SECTIONS:
            names = [f"{section} {office.name}" for section in _SECTIONS]
            names += [f"UPTB Samsat {place}" for place in _SCHOOLS if office.name == _TAX_OFFICE]
            units += _below(office, names, "office", SECTION_WEIGHT)
    return units


def _below(parent: DemoUnit, names: list[str], kind: str, weight: int) -> list[DemoUnit]:
    return [
        DemoUnit(f"{parent.code}.{place:02}", name, parent.code, kind, weight)
        for place, name in enumerate(names, start=1)
    ]


def _school_names() -> list[str]:
    return [
        f"{school} Negeri {number} {place}"
        for place, counts in _SCHOOLS.items()
        for school, count in zip(("SMA", "SMK"), counts, strict=True)
        for number in range(1, count + 1)
    ]
