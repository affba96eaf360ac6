"""What a browser shows while its user signs in: plain pages in Indonesian, without scripts."""

from enum import StrEnum
from html import escape

from app.core.pages import Page, document, headers

# Only the page's own form may be sent, and only to this service.
HEADERS = headers(form_action="'self'")


class Outcome(StrEnum):
    """How an attempt to sign in ended."""

    NOT_SET_UP = "not_set_up"
    NOT_ASKED = "not_asked"
    DENIED = "denied"
    NO_OFFICE = "no_office"
    PROVIDER_DOWN = "provider_down"
    LINK_UNKNOWN = "link_unknown"


PAGES: dict[Outcome, Page] = {
    Outcome.NOT_SET_UP: Page(
        404,
        "Masuk dengan tautan",
        "Layanan ini belum terhubung dengan penyedia identitas. Mintalah tautan masuk kepada"
        " operator.",
    ),
    Outcome.NOT_ASKED: Page(
        400,
        "Permintaan tidak berlaku",
        "Halaman ini tidak dimulai dari layanan ini, atau sudah kedaluwarsa."
        " Silakan mulai kembali.",
    ),
    Outcome.DENIED: Page(
        403,
        "Belum dapat masuk",
        "Penyedia identitas tidak memberi izin masuk. Silakan mulai kembali.",
    ),
    Outcome.NO_OFFICE: Page(
        403,
        "Belum ada hak akses",
        "Akun Anda dikenal, tetapi belum diberi peran di layanan ini. Silakan hubungi BKD.",
    ),
    Outcome.PROVIDER_DOWN: Page(
        503,
        "Penyedia identitas tidak terjangkau",
        "Silakan mencoba kembali beberapa saat lagi.",
    ),
    Outcome.LINK_UNKNOWN: Page(
        400,
        "Tautan tidak berlaku",
        "Tautan ini sudah dipakai, kedaluwarsa, atau tidak dikenal. Mintalah tautan baru kepada"
        " operator.",
    ),
}


def link_page(token: str) -> str:
    """A button that signs in: whoever only looks at a link, such as a mail filter, uses up none."""
    return document(
        "Masuk ke SIMEDSOS",
        "<p>Tautan ini hanya dapat dipakai satu kali.</p>"
        '<form method="post" action="/sign-in/link">'
        f'<input type="hidden" name="token" value="{escape(token)}">'
        '<button type="submit">Masuk</button></form>',
    )
