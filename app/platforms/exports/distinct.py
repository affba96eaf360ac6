"""Counts how many different accounts a list names, at eight bytes an entry.

A list is certified by its length, so a repeated entry would hide a missing one.
"""

from array import array
from collections.abc import Iterable
from functools import cached_property

# More marks than these are laid into groups first, so that one set never holds them all.
AT_ONCE = 200_000
GROUPS = 64


class Distinct:
    """Marks every account that was listed; two of ten million share a mark once in 400,000 lists.

    Python's hash of a text is keyed anew in every process, so nobody can write a list whose
    accounts share marks.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._marks = array("q")
        self._at_once = at_once

    def note(self, keys: Iterable[str]) -> None:
        """Take note of listed accounts, as long as they have not been counted."""
        self._marks.extend(map(hash, keys))

    @cached_property
    def count(self) -> int:
        """How many different accounts were noted, by the time of the first question."""
        if len(self._marks) <= self._at_once:
            return len(set(self._marks))
        return sum(len(set(group)) for group in self._groups())

    def _groups(self) -> list["array[int]"]:
        """The marks in groups that share none; moved piece by piece, so that they are held once."""
        groups = [array("q") for _ in range(GROUPS)]
        appends = [group.append for group in groups]
        while self._marks:
            for mark in self._marks[-self._at_once :]:
                appends[mark % GROUPS](mark)
            del self._marks[-self._at_once :]
        return groups
