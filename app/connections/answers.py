"""What the browser shows after a consent: one plain page for each outcome, in Indonesian."""

from enum import StrEnum

from app.core.pages import Page, headers

# Nothing is sent on from it.
HEADERS = headers(form_action="'none'")


class Outcome(StrEnum):
    """How an attempt to connect ended; also the metric's label."""

    CONNECTED = "connected"
    DENIED = "denied"
    STATE_UNKNOWN = "state_unknown"
    CALLER_GONE = "caller_gone"
    CODE_REFUSED = "code_refused"
    OTHER_ACCOUNT = "other_account"
    PLATFORM_DOWN = "platform_down"
    NOT_SET_UP = "not_set_up"


PAGES: dict[Outcome, Page] = {
    Outcome.CONNECTED: Page(
        200, "Akun telah terhubung", "Izin telah disimpan. Halaman ini boleh ditutup."
    ),
    Outcome.DENIED: Page(
        403,
        "Izin tidak diberikan",
        "Pemilik akun tidak memberi izin, sehingga tidak ada yang disimpan.",
    ),
    Outcome.STATE_UNKNOWN: Page(
        400,
        "Permintaan tidak berlaku",
        "Tautan ini sudah dipakai, kedaluwarsa, atau tidak dikenal. Silakan mulai kembali.",
    ),
    Outcome.CALLER_GONE: Page(
        403,
        "Permintaan tidak berlaku lagi",
        "Hak akses pemohon sudah berakhir, sehingga tidak ada yang disimpan.",
    ),
    Outcome.CODE_REFUSED: Page(
        502,
        "Izin belum dapat disimpan",
        "Platform menolak penukaran izin. Silakan mulai kembali.",
    ),
    Outcome.OTHER_ACCOUNT: Page(
        409,
        "Akun tidak sesuai",
        "Izin diberikan oleh akun lain, bukan akun yang diminta. Tidak ada yang disimpan."
        " Masuklah ke platform dengan akun yang benar, lalu mulai kembali.",
    ),
    Outcome.PLATFORM_DOWN: Page(
        503,
        "Platform sedang tidak dapat dihubungi",
        "Izin belum dapat disimpan. Silakan mulai kembali beberapa saat lagi.",
    ),
    Outcome.NOT_SET_UP: Page(
        503,
        "Layanan belum siap",
        "Penyimpanan izin belum diatur oleh pengelola layanan. Tidak ada yang disimpan.",
    ),
}
