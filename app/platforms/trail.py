"""The way through a follower list, page by page: notices when it goes round in circles."""

from collections.abc import Sequence
from hashlib import blake2b

from app.platforms.base import Follower, ParseFailed

# Platforms filter pages after cutting them, so some come empty; so many in a row lead nowhere.
MOST_EMPTY = 100


class Trail:
    """Where one walk through a list has been, at a few bytes a page, however long the list is."""

    def __init__(self) -> None:
        self._pages: set[bytes] = set()
        self._cursors: set[bytes] = set()
        self._empty = 0

    def note_page(self, followers: Sequence[Follower]) -> None:
        """Take note of a page.

        Raises:
            ParseFailed: the same page came before, or nothing but empty pages comes.
        """
        if not followers:
            self._empty += 1
            if self._empty > MOST_EMPTY:
                raise ParseFailed("only empty pages")
            return
        self._empty = 0
        ids = repr([(each.platform_id, each.handle) for each in followers])
        _add(self._pages, ids, "a repeated page")

    def note_cursor(self, cursor: str) -> str:
        """Take note of where the next page begins, and give it back.

        Raises:
            ParseFailed: a page began there before.
        """
        _add(self._cursors, cursor, "a repeated cursor")
        return cursor


def _add(known: set[bytes], text: str, reason: str) -> None:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    if digest in known:
        raise ParseFailed(reason)
    known.add(digest)
