"""What every figure of a report means, with the version of its definition."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Definition:
    """The meaning of one figure; its version moves whenever the counting does."""

    key: str
    name: str
    text: str
    version: int = 1


DEFINITIONS = (
    Definition(
        "eligible",
        "Sasaran",
        "Status yang dinilai: satu untuk setiap anggota kohor dan kewajiban; untuk kewajiban"
        " mengikuti, satu untuk setiap akun resmi pada platform tempat anggota memiliki akun.",
    ),
    Definition(
        "met",
        "Terkonfirmasi",
        "Ada bukti bahwa kewajiban dilaksanakan: akun telah didata, tercantum dalam daftar"
        " pengikut, dijawab oleh platform, atau ditunjukkan oleh pegawai.",
    ),
    Definition(
        "unmet",
        "Belum terkonfirmasi",
        "Data akun belum diterima, atau akun terverifikasi tidak tercantum dalam dua daftar lengkap"
        " yang berjarak paling sedikit 24 jam, atau platform menjawab tidak. Bukan penilaian"
        " akhir.",
    ),
    Definition(
        "unknown",
        "Belum diketahui",
        "Bukti yang ada belum cukup untuk menyatakan apa pun. Tidak pernah dihitung sebagai"
        " terkonfirmasi atau belum terkonfirmasi.",
    ),
    Definition(
        "excused",
        "Dikecualikan",
        "Dikecualikan karena kedudukan hukum atau oleh pejabat yang ditunjuk; tidak dihitung dalam"
        " terkonfirmasi, belum terkonfirmasi, atau belum diketahui.",
    ),
    Definition(
        "disputed",
        "Dalam sanggahan",
        "Status ditangguhkan selama sanggahan diperiksa; tidak dihitung dalam terkonfirmasi, belum"
        " terkonfirmasi, atau belum diketahui.",
    ),
    Definition(
        "known_share",
        "Cakupan",
        "(Terkonfirmasi + belum terkonfirmasi) dibagi sasaran, dihitung dari jumlah dan bukan"
        " rata-rata persentase.",
    ),
    Definition(
        "met_share",
        "Capaian",
        "Terkonfirmasi dibagi sasaran, dihitung dari jumlah dan bukan rata-rata persentase.",
    ),
    Definition(
        "baseline",
        "Jumlah awal",
        "Pembacaan terakhir pada atau sebelum awal periode; tanpa pembacaan, tidak diperkirakan.",
    ),
    Definition(
        "current",
        "Jumlah terakhir",
        "Pembacaan terakhir pada atau sebelum akhir periode, atau saat laporan dibekukan.",
    ),
    Definition(
        "gain",
        "Pertambahan",
        "Jumlah terakhir dikurangi jumlah awal. Angka yang dibulatkan platform memberi rentang.",
    ),
    Definition("growth", "Pertumbuhan", "Pertambahan dibagi jumlah awal."),
    Definition("attainment", "Ketercapaian", "Pertambahan dibagi pertambahan yang diharapkan."),
    Definition(
        "shortfall", "Kekurangan", "Pertambahan yang diharapkan dikurangi pertambahan; minimal 0."
    ),
    Definition(
        "attribution",
        "Asal pertambahan",
        "Bagian pertambahan dari anggota kohor yang mulai mengikuti dalam periode, dan selebihnya."
        " Anggota yang sudah mengikuti sebelumnya tidak dapat menambah.",
    ),
    Definition(
        "reachable_gain",
        "Pertambahan yang masih mungkin",
        "Anggota kohor dikurangi yang sudah mengikuti sebelumnya, yang dikecualikan, dan yang tidak"
        " memiliki akun pada platform tersebut.",
    ),
    Definition(
        "pace",
        "Laju",
        "Perkiraan tanggal tercapai menurut laju tujuh hari terakhir, sebagai rentang. Mendatar:"
        " terbukti tidak bertambah dalam tujuh hari itu.",
    ),
    Definition(
        "series",
        "Deret harian",
        "Pembacaan terakhir setiap hari (WIB). Hari tanpa pembacaan dibiarkan kosong dan tidak"
        " diisi perkiraan.",
    ),
    Definition(
        "suppression",
        "Penyembunyian angka kecil",
        "Angka tentang kurang dari 5 orang tidak ditampilkan, demikian pula angka lain yang"
        " memungkinkan angka itu dihitung kembali.",
    ),
)
