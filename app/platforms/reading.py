"""Reading numbers and objects out of a platform's JSON without ever guessing."""

import re
from typing import Any

from app.platforms.base import ParseFailed

# More than there are people, twice over.
MOST_FOLLOWERS = 2 * 10**10
# PostgreSQL holds no NUL, and UTF-8 no half of a surrogate pair.
_UNSTORABLE = re.compile("[\\x00\\ud800-\\udfff]")


def count_of(value: object) -> int:
    """A follower count.

    Raises:
        ParseFailed: it is no whole number from zero up; a fault must not become a zero.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_FOLLOWERS:
        raise ParseFailed("no usable count")
    return value


def mapping_of(value: object) -> dict[str, Any]:
    """A JSON object.

    Raises:
        ParseFailed: it is something else.
    """
    if not isinstance(value, dict):
        raise ParseFailed("not the expected object")
    return value


def objects_of(value: object) -> list[dict[str, Any]]:
    """A JSON list of objects.

    Raises:
        ParseFailed: it is something else.
    """
    if not isinstance(value, list):
        raise ParseFailed("not the expected list")
    return [mapping_of(each) for each in value]


def text_of(value: object) -> str:
    """A JSON string that is not empty and can be stored.

    Raises:
        ParseFailed: it is something else; JSON can also write halves of characters, and zeros.
    """
    if not isinstance(value, str) or not value or _UNSTORABLE.search(value):
        raise ParseFailed("not the expected text")
    return value
