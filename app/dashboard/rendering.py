"""From a template to a page: the reader, their language, and headers that let in nothing else."""

import hashlib
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.dashboard import format as formats
from app.dashboard.asking import Api
from app.dashboard.languages import LANGUAGES, language_of, translations
from app.dashboard.menu import Entry, menu_of
from app.reports import wording

FOLDER: Final = Path(__file__).parent
STATIC: Final = FOLDER / "static"
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    # Without a referrer browsers send forms with `Origin: null`, which is nobody's own page.
    "Referrer-Policy": "same-origin",
}
FORMATS: Final = ("whole", "interval", "share", "share_interval", "ratio", "moment", "day")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: of which government, with which rights, and what their forms have to bear."""

    government: str
    kind: str
    scopes: frozenset[str]
    unit_id: str | None
    is_employee: bool
    csrf: str
    menu: tuple[Entry, ...]

    def may(self, *scopes: str) -> bool:
        """Whether the reader holds all of these."""
        return self.scopes.issuperset(scopes)

    def shows(self, path: str) -> bool:
        """Whether the menu leads this reader to a page."""
        return any(each.path == path for each in self.menu)


async def reader_of(api: Api) -> Reader:
    """The reader whose session the browser holds.

    Raises:
        Refused: nobody has signed in.
    """
    told = await api.get("/v1/session")
    scopes = frozenset(told["scopes"])
    return Reader(
        government=told["government"],
        kind=told["kind"],
        scopes=scopes,
        unit_id=told["unit_id"],
        is_employee=told["is_employee"],
        csrf=told["csrf_token"] or "",
        menu=menu_of(scopes, unit_head=bool(told["unit_id"]), is_employee=told["is_employee"]),
    )


@cache
def environment(language: str) -> Environment:
    """Templates in a language; what a template names and nobody gives is an error."""
    found = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    found.install_gettext_translations(  # type: ignore[attr-defined]  # The extension adds it.
        translations(language), newstyle=True
    )
    for name in FORMATS:
        found.filters[name] = partial(_formatted, getattr(formats, name), language)
    found.globals.update(
        language=language,
        languages=LANGUAGES,
        static=static_address,
        address=address,
        widths=formats.widths,
        words=wording,
    )
    return found


def _formatted(write: Any, language: str, *values: Any, **options: Any) -> str:
    text: str = write(*values, language, **options)
    return text


@cache
def static_address(name: str) -> str:
    """Where a file of ours is, under an address that changes with its content."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{digest}/{name}"


def address(path: str, **params: Any) -> str:
    """A path with a query; parameters that say nothing are left out."""
    told = {name: value for name, value in params.items() if value not in (None, "")}
    return f"{path}?{urlencode(told)}" if told else path


def page(
    request: Request,
    template: str,
    *,
    reader: Reader | None,
    status: int = 200,
    **told: Any,
) -> HTMLResponse:
    """A page, or the part of it that htmx has asked for."""
    language = language_of(request)
    content = (
        environment(language)
        .get_template(template)
        .render(reader=reader, here=request.url.path, request=request, **told)
    )
    return HTMLResponse(content, status, HEADERS)
