"""Plain pages for a browser that is sent to us: Indonesian, without scripts, nothing loaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Page:
    """A status and two sentences."""

    status: int
    title: str
    text: str


def headers(*, form_action: str) -> Mapping[str, str]:
    """Headers of a page whose forms may be sent to `form_action` only; no frame shows it."""
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; base-uri 'none'; form-action {form_action};"
            " frame-ancestors 'none'"
        ),
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    }


def document(title: str, content: str) -> str:
    """A whole page around content that is HTML already."""
    return (
        '<!doctype html><html lang="id"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · SIMEDSOS</title></head>"
        f"<body><main><h1>{escape(title)}</h1>{content}</main></body></html>"
    )


def html_of(page: Page) -> str:
    """The page that says it."""
    return document(page.title, f"<p>{escape(page.text)}</p>")
