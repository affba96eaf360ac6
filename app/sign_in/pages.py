"""What a browser shows while its user signs in: plain pages in Indonesian, without scripts."""

from dataclasses import dataclass
from enum import StrEnum
from html import escape

# Only the page's own form may be sent, and only to this service; nothing is loaded.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


class Outcome(StrEnum):
    """How an attempt to sign in ended."""

    NOT_SET_UP = "not_set_up"
    NOT_ASKED = "not_asked"
    DENIED = "denied"
    NO_OFFICE = "no_office"
    PROVIDER_DOWN = "provider_down"
    LINK_UNKNOWN = "link_unknown"


@dataclass(frozen=True, slots=True)
class Page:
    """A status and two sentences."""

    status: int
    title: str
    text: str


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


def document(title: str, content: str) -> str:
    """A whole page around content that is HTML already."""
    return (
        '<!doctype html><html lang="id"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · SIMEDSOS</title></head>"
        f"<body><main><h1>{escape(title)}</h1>{content}</main></body></html>"
    )


def outcome_page(outcome: Outcome) -> str:
    """The page that says how it ended."""
    page = PAGES[outcome]
    return document(page.title, f"<p>{escape(page.text)}</p>")


def link_page(token: str) -> str:
    """A button that signs in: whoever only looks at a link, such as a mail filter, uses up none."""
    return document(
        "Masuk ke SIMEDSOS",
        "<p>Tautan ini hanya dapat dipakai satu kali.</p>"
        '<form method="post" action="/sign-in/link">'
        f'<input type="hidden" name="token" value="{escape(token)}">'
        '<button type="submit">Masuk</button></form>',
    )
