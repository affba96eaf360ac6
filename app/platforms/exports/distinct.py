"""Counts how many different accounts a list names, at eight bytes an entry.

A list is certified by its length, so a repeated entry would hide a missing one.
"""

from array import array
from collections.abc import Iterable

# So many marks fit a set of about 70 MB; more are counted in several passes over the marks.
AT_ONCE = 1_000_000


class Distinct:
    """Marks every account that was listed; two of ten million share a mark once in 400,000 lists.

    Python's hash of a text is keyed anew in every process, so nobody can write a list whose
    accounts share marks.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._marks = array("q")
        self._at_once = at_once

    def note(self, keys: Iterable[str]) -> None:
        """Take note of listed accounts."""
        self._marks.extend(map(hash, keys))

    def count(self) -> int:
        """How many different accounts were noted."""
        passes = -(-len(self._marks) // self._at_once)
        if passes <= 1:
            return len(set(self._marks))
        return sum(
            len({mark for mark in self._marks if mark % passes == turn}) for turn in range(passes)
        )
