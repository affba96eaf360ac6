"""Filters as RFC 7644, section 3.4.2.2, writes them, read into a tree; pure.

A filter is short and shallow, so that nobody can make its reading dear.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from app.scim.rules import Fault, FaultKind, plain_path

LONGEST: Final = 2000
DEEPEST: Final = 10
MOST_COMPARISONS: Final = 50


class Operator(StrEnum):
    """How an attribute is compared."""

    EQ = "eq"
    NE = "ne"
    CO = "co"
    SW = "sw"
    EW = "ew"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"
    PR = "pr"


Value: TypeAlias = str | bool | int | float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One attribute, by its plain lower-case path, against one value; `pr` has none."""

    path: str
    operator: Operator
    value: Value = None


@dataclass(frozen=True, slots=True)
class Both:
    """All of these hold."""

    parts: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    """One of these holds."""

    parts: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """This does not hold."""

    part: "Filter"


@dataclass(frozen=True, slots=True)
class Among:
    """One value of a multi-valued attribute meets a filter of its own: `members[value eq "…"]`."""

    path: str
    part: "Filter"


Filter: TypeAlias = Comparison | Both | Either | Not | Among

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")
    | (?P<number>-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?(?![A-Za-z0-9_.:-]))
    | (?P<word>[$A-Za-z](?:[A-Za-z0-9_.:$-]*[A-Za-z0-9_$-])?)
    | (?P<mark>[()\[\]])
    )""",
    re.VERBOSE,
)
_LITERALS: Final = {"true": True, "false": False, "null": None}
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_filter(text: str) -> Filter:
    """The tree of a filter.

    Raises:
        Fault: it is none, or longer or deeper than is read; its values are never quoted.
    """
    if len(text) > LONGEST:
        raise Fault(FaultKind.FILTER, f"it is longer than {LONGEST} characters")
    reader = _Reader(_tokens(text))
    found = reader.either(0)
    if reader.kind is not None:
        raise Fault(FaultKind.FILTER, "something stands behind its end")
    return found


def comparisons(node: Filter) -> Iterator[Comparison]:
    """Every comparison of a filter."""
    match node:
        case Comparison():
            yield node
        case Both() | Either():
            for part in node.parts:
                yield from comparisons(part)
        case Not() | Among():
            yield from comparisons(node.part)


def _tokens(text: str) -> Sequence[tuple[str, str]]:
    found = []
    place, end = 0, len(text.rstrip())
    while place < end:
        token = _TOKEN.match(text, place)
        if token is None:
            raise Fault(FaultKind.FILTER, f"character {place + 1} cannot be read")
        kind = str(token.lastgroup)
        found.append((kind, token.group(kind)))
        place = token.end()
    return found


class _Reader:
    """Reads tokens from left to right; `or` binds loosest, `not` closest."""

    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._place = 0
        self._compared = 0

    @property
    def kind(self) -> str | None:
        """The kind of the next token; None at the end."""
        return self._tokens[self._place][0] if self._place < len(self._tokens) else None

    def _next_is(self, word: str) -> bool:
        return self.kind in {"word", "mark"} and self._tokens[self._place][1].lower() == word

    def _take(self, what: str, *kinds: str) -> tuple[str, str]:
        if self.kind not in kinds:
            raise Fault(FaultKind.FILTER, f"{what} is missing")
        self._place += 1
        return self._tokens[self._place - 1]

    def _skip(self, word: str) -> None:
        if not self._next_is(word):
            raise Fault(FaultKind.FILTER, f"`{word}` is missing")
        self._place += 1

    def either(self, depth: int) -> Filter:
        parts = [self._both(depth)]
        while self._next_is("or"):
            self._place += 1
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self, depth: int) -> Filter:
        parts = [self._one(depth)]
        while self._next_is("and"):
            self._place += 1
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _one(self, depth: int) -> Filter:
        if depth > DEEPEST:
            raise Fault(FaultKind.FILTER, f"it is nested deeper than {DEEPEST} levels")
        # An attribute may be called `not`; only a bracket makes the word an operator.
        if self._next_is("not") and self._tokens[self._place + 1 : self._place + 2] == [
            ("mark", "(")
        ]:
            self._place += 1
            return Not(self._bracketed(depth))
        if self._next_is("("):
            return self._bracketed(depth)
        return self._compared_attribute(depth)

    def _bracketed(self, depth: int) -> Filter:
        self._skip("(")
        found = self.either(depth + 1)
        self._skip(")")
        return found

    def _compared_attribute(self, depth: int) -> Filter:
        path = plain_path(self._take("the name of an attribute", "word")[1])
        if self._next_is("["):
            self._place += 1
            part = self.either(depth + 1)
            self._skip("]")
            return Among(path, part)
        self._compared += 1
        if self._compared > MOST_COMPARISONS:
            raise Fault(FaultKind.FILTER, f"it has more than {MOST_COMPARISONS} comparisons")
        try:
            operator = Operator(self._take("an operator", "word")[1].lower())
        except ValueError:
            raise Fault(FaultKind.FILTER, "an operator is unknown") from None
        if operator is Operator.PR:
            return Comparison(path, operator)
        return Comparison(path, operator, self._value())

    def _value(self) -> Value:
        kind, text = self._take("a value", "string", "number", "word")
        if kind == "word":
            if text.lower() not in _LITERALS:
                raise Fault(FaultKind.FILTER, "a text stands in double quotes")
            return _LITERALS[text.lower()]
        value: Value = json.loads(text)
        if isinstance(value, str) and ("\x00" in value or _SURROGATE.search(value)):
            raise Fault(FaultKind.FILTER, "a value holds a character that no text has")
        return value
