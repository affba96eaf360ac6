"""Finds lists anywhere in a JSON document and reads their entries one by one, in bounded memory."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import ijson
from ijson.common import ObjectBuilder

from app.platforms.exports.errors import Damaged, SameListTwice
from app.platforms.exports.source import Source

Path = tuple[str, ...]
Event = tuple[str, Any]

_DEEPEST = 32
_EVENT_BLOCK = 64 << 10
_SEEN_ENOUGH = 64
_FAULTS = (ijson.JSONError, ArithmeticError, ValueError)
_SAMPLE = 500
_MOST_DIGITS = 2000
_DIGITS = b"0123456789"
_DIGITS_IN_SAMPLE = re.compile(rb"[0-9]{3}")
_ENDLESS_NUMBER = re.compile(rb"[0-9]{%d}" % _MOST_DIGITS)
# Stands in a path for a list on the way; no platform uses a key like it.
_LIST = "[]"
_STEPS = {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}
# What is left of an entry whose end is missing.
_CUT = object()


@dataclass(frozen=True, slots=True)
class Places:
    """Where in a document entries stand.

    `lists` are the keys that lead to a list of them, none for the outermost list. `lone` says
    that the document itself is the only entry. `aside` is shown every other value and list with
    its path.
    """

    lists: frozenset[Path]
    lone: bool = False
    aside: Callable[[Path, object], None] | None = None


class _Walk:
    """Where the parser stands outside entries: the keys that lead there, and in which list."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.keys: list[str] = []
        self._entry_depth = 0 if places.lone else None
        self._lists = 0
        self._list_with_entries = 0

    def at_entry(self, event: str) -> bool:
        return len(self.keys) == self._entry_depth and _STEPS.get(event) != -1

    def step(self, event: str, value: object) -> bool:
        """Moves past an event; tells whether a list of entries was found."""
        if event == "map_key":
            self.keys[-1] = str(value)
            return False
        path = tuple(self.keys)
        is_list = event == "start_array"
        found = (is_list or event == "null") and path in self.places.lists
        if found and is_list:
            self._lists += 1
            self._entry_depth = len(path) + 1
        elif self.places.aside and (is_list or event not in _STEPS):
            self.places.aside(path, None if is_list else value)
        self._move(event)
        return found

    def _move(self, event: str) -> None:
        match _STEPS.get(event):
            case 1:
                self.keys.append(_LIST if event == "start_array" else "")
                if len(self.keys) > _DEEPEST:
                    raise Damaged
            case -1:
                self.keys.pop()
                if self._entry_depth is not None and len(self.keys) < self._entry_depth:
                    self._entry_depth = None

    def count_entry(self) -> None:
        """Two lists of one kind cannot be told from one list, so only one may have entries."""
        if self._list_with_entries not in {0, self._lists}:
            raise SameListTwice
        self._list_with_entries = self._lists


def entries_by_events(source: Source, places: Places) -> Iterator[object]:
    """The entries of whatever JSON follows; tells `source` if a list was found, or the end missing.

    Raises:
        Damaged: it is not JSON, or nested more deeply than any export.
        SameListTwice: it holds more than one list with entries.
    """
    walk = _Walk(places)
    source.list_found |= places.lone
    events = _events(source)
    for event, value in events:
        if walk.at_entry(event):
            entry = _entry(event, value, events)
            if entry is _CUT:
                return
            walk.count_entry()
            source.entry_seen()
            yield entry
        else:
            source.list_found |= walk.step(event, value)
            source.entry_seen()


def _entry(event: str, value: object, events: Iterator[Event]) -> object:
    """The entry that begins with an event; takes what else belongs to it."""
    depth = _STEPS.get(event, 0)
    if not depth:
        return value
    builder = ObjectBuilder()
    builder.event(event, value)
    for more, value_of_it in events:
        builder.event(more, value_of_it)
        if more in _STEPS:
            depth += _STEPS[more]
            if depth == 0:
                return builder.value
            if depth > _DEEPEST:
                raise Damaged
    return _CUT


def first_keys(text: bytes, *, depth: int) -> frozenset[str]:
    """The keys at a depth, as far as the bytes go; they may end anywhere.

    Raises:
        Damaged: a number in it has no end.
    """
    keys: set[str] = set()
    level = 0
    _require_numbers_end(text)
    try:
        for event, value in ijson.basic_parse(text):
            level += event.startswith("start_") - event.startswith("end_")
            if event == "map_key" and level == depth:
                keys.add(value)
            if len(keys) >= _SEEN_ENOUGH or (keys and level < depth):
                break
    except _FAULTS:
        # The head is cut at an arbitrary byte; whether the whole file is sound is read later.
        pass
    return frozenset(keys)


class _Guarded:
    """Hands a source's bytes to the parser, but no number that the parser cannot bear."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._open_digits = 0

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        _require_numbers_end(data)
        # A number may go on through any number of small pieces.
        after = data.lstrip(_DIGITS)
        self._open_digits += len(data) - len(after)
        if self._open_digits >= _MOST_DIGITS:
            raise Damaged
        if after:
            self._open_digits = len(after) - len(after.rstrip(_DIGITS))
        return data


def _require_numbers_end(data: bytes) -> None:
    """Refuses numbers of thousands of digits, on which the parser's C code fails unsafely.

    Python refuses to convert 4,300 digits. A sample of the bytes shows nearly always that there
    is no such number.
    """
    if _DIGITS_IN_SAMPLE.search(data[::_SAMPLE]) and _ENDLESS_NUMBER.search(data):
        raise Damaged


def _events(source: Source) -> Iterator[Event]:
    try:
        yield from ijson.basic_parse(_Guarded(source), buf_size=_EVENT_BLOCK)
    except _FAULTS:
        # Once the end was read, the parser can only miss what should have come.
        if not source.at_end:
            raise Damaged from None
        source.truncated = True
