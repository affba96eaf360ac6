"""Follower counts as pages write them: `8.582`, `8,58 rb`, `25M followers`.

A number is never read without the language of its page: `8.582` is eight thousand in Indonesian
and no count at all in English, and `2,5 M` is 10^9 times as many there as `2.5` (CLDR, `id`).
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product
from types import MappingProxyType
from typing import Final

from app.platforms.base import ParseFailed, Precision
from app.platforms.reading import MOST_FOLLOWERS


@dataclass(frozen=True, slots=True)
class ReadCount:
    """The true count lies in [least, most]."""

    least: int
    most: int
    precision: Precision


@dataclass(frozen=True, slots=True)
class _Language:
    grouping: str
    decimal: str
    units: Mapping[str, int]
    nouns: frozenset[str]


THOUSAND, MILLION, BILLION, TRILLION = 10**3, 10**6, 10**9, 10**12
LANGUAGES: Final[Mapping[str, _Language]] = MappingProxyType({
    "en": _Language(
        grouping=",",
        decimal=".",
        units={
            "k": THOUSAND, "thousand": THOUSAND, "m": MILLION, "million": MILLION,
            "b": BILLION, "billion": BILLION,
        },
        nouns=frozenset({"follower", "followers", "subscriber", "subscribers"}),
    ),
    "id": _Language(
        grouping=".",
        decimal=",",
        units={
            "rb": THOUSAND, "ribu": THOUSAND, "jt": MILLION, "juta": MILLION,
            "m": BILLION, "miliar": BILLION, "t": TRILLION, "triliun": TRILLION,
        },
        nouns=frozenset({"pengikut", "pelanggan", "subscriber"}),
    ),
})  # fmt: skip

_NOUNS = frozenset[str]().union(*(each.nouns for each in LANGUAGES.values()))
# Platforms put no-break spaces between a number and its unit.
_SHAPE = re.compile(r"(?P<digits>[0-9][0-9.,]{0,29})[ \u00a0\u202f]?(?P<words>[a-z]+(?: [a-z]+)?)?")


def read_count(text: str, language: str) -> ReadCount:
    """The interval that a written count stands for, in a page's language (`en`, `id`, `id-ID`).

    A shortened count may have been rounded or cut, and pages do not say which, so its interval
    holds both readings.

    Raises:
        ParseFailed: the language is not known, or the text is no count in it.
    """
    written = LANGUAGES.get(language.replace("_", "-").partition("-")[0].lower())
    if written is None:
        raise ParseFailed("a count in an unknown language")
    return _read(text, written)


def possible_counts(text: str) -> Sequence[ReadCount]:
    """Everything that a count may mean which a person has copied from a page or an app.

    Apps mix the separators of one language with the units of another, and people leave out where
    they have read it; empty where the text can be no count.
    """
    found: list[ReadCount] = []
    for separators, words in product(LANGUAGES.values(), repeat=2):
        with suppress(ParseFailed):
            found.append(_read(text, replace(separators, units=words.units, nouns=_NOUNS)))
    return found


def _read(text: str, written: _Language) -> ReadCount:
    found = _SHAPE.fullmatch(text.replace("\u00a0", " ").strip().lower())
    if found is None:
        raise ParseFailed("no usable count")
    words = (found["words"] or "").split()
    unit = written.units.get(words[0]) if words else None
    if set(words[1:] if unit else words) - written.nouns:
        raise ParseFailed("no usable count")
    count = _plain(found["digits"], written) if unit is None else _short(found["digits"], written)
    return _interval(*count, unit or 1)


def _plain(digits: str, written: _Language) -> tuple[int, int]:
    """A count in full, in groups of three or in one piece."""
    if not re.fullmatch(
        rf"[0-9]+|[0-9]{{1,3}}(?:{re.escape(written.grouping)}[0-9]{{3}})+", digits
    ):
        raise ParseFailed("no usable count")
    return int(digits.replace(written.grouping, "")), 0


def _short(digits: str, written: _Language) -> tuple[int, int]:
    """The figures of a count before its unit, and how many of them are decimals."""
    if not re.fullmatch(rf"[0-9]{{1,3}}(?:{re.escape(written.decimal)}[0-9]{{1,3}})?", digits):
        raise ParseFailed("no usable count")
    whole, _, decimals = digits.partition(written.decimal)
    return int(whole + decimals), len(decimals)


def _interval(figures: int, decimals: int, unit: int) -> ReadCount:
    step = unit // 10**decimals
    count = figures * step
    if count > MOST_FOLLOWERS:
        raise ParseFailed("no usable count")
    if step == 1:
        return ReadCount(count, count, Precision.EXACT)
    return ReadCount(max(0, count - step // 2), count + step - 1, Precision.ABBREVIATED)


def read_rounded(count: int) -> ReadCount:
    """The interval of a count that may have been shortened and written out again, such as 97 900.

    Counts were seen shortened to a tenth of their unit (97.9 thousand), and others to three
    figures, never beyond their own trailing zeros; which it was cannot be told, so the coarser
    of the two sets the interval, and it holds both rounding and cutting.
    """
    digits = str(count)
    zeros = 0 if count == 0 else len(digits) - len(digits.rstrip("0"))
    tenth_of_unit = (len(digits) - 1) // 3 * 3 - 1
    step = 10 ** max(0, min(zeros, max(tenth_of_unit, len(digits) - 3)))
    return ReadCount(max(0, count - step // 2), count + step - 1, Precision.ROUNDED)
