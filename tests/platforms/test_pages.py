"""Public pages of any making are read or refused within moments."""

import time

import pytest

from app.platforms.base import ParseFailed
from app.platforms.http import PageAnswer
from app.platforms.pages import MOST_TAGS, Page
from app.platforms.youtube_page import read_channel_page

LARGEST = 2 * 1024 * 1024
# Ten times what it takes; without a bound these take from seconds to minutes.
SECONDS = 15


def filled(piece: str, size: int = LARGEST) -> str:
    return piece * (size // len(piece))


HOSTILE = [
    pytest.param(filled("<div>"), id="nested"),
    pytest.param(filled("<div>", LARGEST // 2) + filled("</x>", LARGEST // 2), id="closed-askew"),
    pytest.param(filled("<p><b>"), id="formatting"),
    pytest.param(filled("<html"), id="many-beginnings"),
    pytest.param(filled("<html "), id="one-beginning-without-end"),
    pytest.param(f"<html {filled('a')}", id="one-long-attribute"),
    pytest.param("<div>" * (MOST_TAGS // 2) + "</x>" * (MOST_TAGS // 2), id="most-tags"),
]


@pytest.mark.parametrize("html", HOSTILE)
def test_a_page_made_to_take_long_takes_moments(html):
    began = time.perf_counter()
    with pytest.raises(ParseFailed):
        read_channel_page(PageAnswer(200, html, {}))
    assert time.perf_counter() - began < SECONDS


def test_a_page_of_many_tags_is_still_read():
    assert Page("<title>Humas</title>" + "<p>x</p>" * (MOST_TAGS // 2 - 1)).title == "Humas"


@pytest.mark.parametrize(
    ("html", "language"),
    [
        ('<!DOCTYPE html><html style="" lang="id-ID"><body>', "id-ID"),
        ("<html LANG=en>", "en"),
        ("<html lang>", ""),
        ("<p lang=id>", ""),
        ("", ""),
    ],
)
def test_the_language_is_the_whole_pages(html, language):
    assert Page(html).language == language
