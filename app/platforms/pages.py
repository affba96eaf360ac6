"""What public pages carry for programs: the JSON of their script blocks, found by shape."""

import json
import re
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from app.platforms.base import ParseFailed

# Pages nest their data a few dozen levels deep; more would only exhaust the stack.
DEEPEST = 200


# Such a page takes a second to parse at worst; the time grows with the square of the tags where
# they are nested into one another, and no real page comes near.
MOST_TAGS = 20_000
_TAG = re.compile("</?[A-Za-z]")


class Page:
    """A parsed public page.

    Raises:
        ParseFailed: it is made of more tags than can be parsed in time.
    """

    def __init__(self, html: str) -> None:
        if sum(1 for _ in _TAG.finditer(html)) > MOST_TAGS:
            raise ParseFailed("too many tags")
        self._tree = LexborHTMLParser(html)

    @property
    def language(self) -> str:
        """The language that the page says it is in, empty where it says none."""
        root = self._tree.root
        return (root.attributes.get("lang") or "") if root is not None else ""

    @property
    def title(self) -> str:
        """The page's title, empty where it has none."""
        found = self._tree.css_first("title")
        return found.text(strip=True) if found is not None else ""

    def meta(self, name: str) -> str | None:
        """The content of `<meta property=name>` or `<meta name=name>`."""
        for node in self._tree.css("meta"):
            if name in {node.attributes.get("property"), node.attributes.get("name")}:
                return node.attributes.get("content")
        return None

    def has(self, selector: str) -> bool:
        """Whether anything on the page matches a CSS selector."""
        return self._tree.css_first(selector) is not None

    def scripts(self, selector: str = "script") -> Iterator[str]:
        """The text of each script block that matches."""
        for node in self._tree.css(selector):
            yield node.text()

    def json_blocks(self, selector: str) -> Iterator[Any]:
        """The JSON of each script block that matches; blocks that hold none are passed over."""
        for text in self.scripts(selector):
            try:
                yield json.loads(text)
            except (ValueError, RecursionError):
                continue


def json_after(text: str, mark: str) -> Any:
    """The JSON value that follows a mark, such as `var ytInitialData = `.

    Raises:
        ParseFailed: the mark is not there, or no JSON follows it.
    """
    _, found, rest = text.partition(mark)
    if not found:
        raise ParseFailed("the page carries no data")
    try:
        value, _ = json.JSONDecoder().raw_decode(rest.lstrip())
    except (ValueError, RecursionError) as error:
        raise ParseFailed("broken JSON in the page") from error
    return value


def objects_with(value: Any, key: str) -> Iterator[dict[str, Any]]:
    """Every object within a JSON value that has a key, outermost first."""
    waiting = [(value, 0)]
    while waiting:
        present, depth = waiting.pop()
        if depth > DEEPEST:
            continue
        if isinstance(present, dict):
            if key in present:
                yield present
            waiting.extend((each, depth + 1) for each in reversed(list(present.values())))
        elif isinstance(present, list):
            waiting.extend((each, depth + 1) for each in reversed(present))
