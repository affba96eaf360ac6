"""Parts of invented Indonesian names, and what people with them do."""

from typing import Final


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


MEN: Final = _names(
    "Ahmad Agus Andi Arif Bambang Bayu Budi Dedi Deni Dimas Eko Fajar Farhan Feri Galih Hadi"
    " Hendra Heri Ilham Imam Indra Irfan Iwan Joko Kurnia Lukman Maulana Muhammad Nanda Oki"
    " Pandu Putra Rahmat Randi Reza Rian Rizki Rudi Satria Slamet Surya Taufik Teguh Tomi Umar"
    " Wahyu Wawan Yoga Yudi Zainal"
)
WOMEN: Final = _names(
    "Aisyah Anita Ayu Bunga Citra Dewi Dian Dina Eka Elsa Erna Evi Fatimah Fitri Hana Hesti Ika"
    " Indah Intan Julia Kartika Laila Lestari Lina Lusi Maya Mega Melati Nadia Nia Novi Nur"
    " Nurul Putri Rani Ratna Retno Rina Rini Rosa Sari Sinta Siska Siti Sri Tika Tuti Wati Wulan"
    " Yuni"
)
LAST: Final = _names(
    "Anggara Anwar Aprilia Ardiansyah Astuti Aulia Azhari Cahyani Damayanti Darmawan Effendi"
    " Fauzan Febriani Firmansyah Gunawan Habibi Hakim Halimah Handayani Hartono Hasanah Hidayat"
    " Husin Irawan Kesuma Komalasari Kurniawan Mahendra Maharani Marlina Maryam Mulyadi Nasution"
    " Ningsih Nugraha Oktaviani Permata Pertiwi Prasetyo Pratama Puspita Rahayu Rahmadani"
    " Ramadhan Rosyida Safitri Saputra Saputri Sartika Setiawan Suhendra Sulaiman Suryani"
    " Susanti Syahputra Utami Wahyuni Wibowo Wijaya Wulandari Yulianti Yusuf Zahra Zulkarnain"
)
CITIZEN_WORDS: Final = _names(
    "ampera belida bidar cinde duku gandus ilir jakabaring kemuning kenten kopi limas musi ogan"
    " pempek plaju rawas rimau sako seberang sekip songket sriwijaya talang tembesu ulu"
)

# For each kind of unit: the positions and the degree that is written behind the name.
POSITIONS: Final = {
    "school": (
        ("Ahli Pertama - Guru Matematika", "S.Pd."),
        ("Ahli Pertama - Guru Bahasa Indonesia", "S.Pd."),
        ("Ahli Pertama - Guru Bahasa Inggris", "S.Pd."),
        ("Ahli Pertama - Guru Informatika", "S.Kom., Gr."),
        ("Ahli Pertama - Guru Bimbingan Konseling", "S.Pd."),
        ("Ahli Pertama - Guru Pendidikan Agama Islam", "S.Pd.I."),
        ("Ahli Pertama - Guru Seni Budaya", "S.Sn."),
        ("Operator Layanan Operasional", ""),
    ),
    "hospital": (
        ("Terampil - Perawat", "A.Md.Kep."),
        ("Ahli Pertama - Perawat", "S.Kep., Ns."),
        ("Terampil - Bidan", "A.Md.Keb."),
        ("Ahli Pertama - Dokter", ""),
        ("Terampil - Pranata Laboratorium Kesehatan", "A.Md.A.K."),
        ("Ahli Pertama - Apoteker", "S.Farm., Apt."),
    ),
    "office": (
        ("Ahli Pertama - Pranata Komputer", "S.Kom."),
        ("Ahli Pertama - Perencana", "S.E."),
        ("Ahli Pertama - Arsiparis", "S.IP."),
        ("Penata Layanan Operasional", "S.Sos."),
        ("Pengelola Layanan Operasional", "A.Md."),
        ("Operator Layanan Operasional", ""),
        ("Pengadministrasi Perkantoran", ""),
    ),
}
