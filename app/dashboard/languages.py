"""The two languages of the pages: Indonesian as it stands in them, and English by a catalog."""

from functools import cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from fastapi import Request

INDONESIAN: Final = "id"
ENGLISH: Final = "en"
LANGUAGES: Final = (INDONESIAN, ENGLISH)
COOKIE: Final = "simedsos-language"
# One for each group of pages; they are read together.
CATALOGS: Final = tuple(sorted((Path(__file__).parent / "locale" / ENGLISH).glob("*.po")))


def english() -> Catalog:
    """Every text of the pages in English."""
    whole = Catalog(locale=ENGLISH)
    for path in CATALOGS:
        with path.open("rb") as file:
            for message in read_po(file, locale=ENGLISH):
                if message.id:
                    whole.add(message.id, message.string)
    return whole


@cache
def translations(language: str) -> NullTranslations:
    """What the texts of the pages are in a language."""
    if language != ENGLISH:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, english())
    compiled.seek(0)
    return Translations(compiled)


def language_of(request: Request) -> str:
    """The language that the reader has chosen; Indonesian while they have not."""
    chosen = request.cookies.get(COOKIE)
    return chosen if chosen in LANGUAGES else INDONESIAN
