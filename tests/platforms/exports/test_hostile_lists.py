"""Whatever stands in a list, and wherever it is cut, the fast way reads what a simple one does."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.platforms.exports import ExportRefused, open_export
from app.platforms.exports.errors import NotFollowers
from app.platforms.exports.source import BLOCK
from tests.platforms.exports.written import (
    PART,
    Follower,
    SmallReads,
    as_list,
    entry,
    followers,
    mojibake,
    opened,
    simply_read,
    zipped,
)

# Pieces that look like the place where one entry ends and the next begins.
LOOKALIKES = st.lists(
    st.sampled_from(
        [
            *('},{"title":""', '}, {"string_list_data":[', '"}]},{"media_list_data"', "}]}", "}"),
            *('"', "\\", "\\u0022", ",", "{", "[", "]", ":", " ", "\n", "__deleted__", "budi"),
            *('{"title"', "Ã", "é", "\ufeff", "\x00", "😀", "K", "İ"),
        ]
    ),
    max_size=8,
).map("".join)
TEXTS = LOOKALIKES | st.text(max_size=12) | st.from_regex(r"[a-zA-Z0-9._]{1,30}", fullmatch=True)
TIMES = st.integers(1, 2**33) | st.integers(-5, 10**14)
NESTED = st.fixed_dictionaries({}, optional={"title": TEXTS, "string_list_data": st.just([])})


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """An entry of either era, its keys in any order, with things inside that look like entries."""
    text = draw(TEXTS)
    written = entry(draw(st.sampled_from([text, mojibake(text)])), draw(TIMES))
    written["title"] = draw(TEXTS)
    written["media_list_data"] = draw(st.lists(NESTED, max_size=3))
    keys = draw(st.permutations(sorted(written)))
    return {key: written[key] for key in keys}


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """A list as some export might write it; it ends with its last bracket."""
    listed = draw(st.lists(entries(), max_size=12))
    wrap = draw(st.sampled_from(["{}", '{{"relationships_followers":{}}}']))
    if len(listed) == 1 and draw(st.booleans()):
        text = json.dumps(listed[0])
    else:
        dumped = json.dumps(
            listed,
            ensure_ascii=draw(st.booleans()),
            indent=draw(st.sampled_from([None, 0, 2, "\t"])),
            separators=draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\r\n ", " : ")])),
        )
        text = wrap.format(dumped)
    return text.encode()


def read_in_pieces(data: bytes, most: int) -> tuple[list[Follower], bool]:
    export = open_export(SmallReads(data, most), filename=None)
    found = followers(export)
    return found, export.summary.truncated


def nothing_but_refusals(data: bytes) -> None:
    with suppress(ExportRefused):
        followers(opened(data))


@given(data=documents(), most=st.integers(1, 700))
@example(data=as_list([entry("a", title='"},{"title":"'), entry("b")]), most=40)
def test_every_list_reads_as_the_simplest_reader_does(data, most):
    try:
        found, truncated = read_in_pieces(data, most)
    except NotFollowers:
        # A list in which no entry has a handle is refused as a list of another kind.
        assert simply_read(data) == []
        return
    assert found == simply_read(data)
    assert not truncated
    assert followers(opened(data)) == followers(opened(zipped({PART.format(1): data}))) == found


@given(data=documents(), most=st.integers(1, 700), where=st.floats(0, 1, exclude_max=True))
def test_a_list_cut_anywhere_is_never_taken_for_a_whole_one(data, most, where):
    cut = data[: int(len(data) * where)]
    try:
        found, truncated = read_in_pieces(cut, most)
    except ExportRefused:
        return
    assert truncated
    assert found == simply_read(data)[: len(found)]


def test_a_list_cut_at_each_byte_is_never_taken_for_a_whole_one():
    data = json.dumps(
        {"relationships_followers": [entry("budi", title="]}"), entry("é"), entry("siti")]},
        ensure_ascii=False,
    ).encode()
    for end in range(len(data)):
        try:
            found, truncated = read_in_pieces(data[:end], 200)
        except ExportRefused:
            continue
        assert truncated
        assert found == simply_read(data)[: len(found)]


@pytest.mark.parametrize(
    "late",
    [
        pytest.param(entry("late"), id="plain"),
        pytest.param(entry("late", title='"},{"title":"'), id="lookalike-in-a-title"),
        pytest.param(entry('},{"title"'), id="lookalike-in-a-handle"),
        pytest.param(entry("late", media_list_data=[{"title": "a"}, {"title": "b"}]), id="nested"),
        pytest.param(entry(mojibake("åse")), id="mojibake"),
        pytest.param(entry("late", timestamp=0), id="no-time"),
        pytest.param(entry("__deleted__x"), id="deleted"),
        pytest.param(entry(" Late "), id="spaces"),
        pytest.param({"other": 1, **entry("late")}, id="other-key-first"),
        pytest.param(entry("late", other="x" * 2 * BLOCK), id="longer-than-a-block"),
    ],
)
def test_an_odd_entry_far_into_a_long_list_changes_nothing_around_it(late):
    listed = [entry(f"pegawai.{n}", n + 1) for n in range(3000)]
    listed[900:900] = [late, late]
    data = as_list(listed)
    assert len(data) > 2 * BLOCK
    export = opened(data)
    assert followers(export) == simply_read(data)
    assert export.summary.listed + export.summary.deleted == len(listed)
    assert not export.summary.truncated


def test_a_long_list_whose_entries_begin_unlike_any_known_is_read():
    data = as_list([{"fbid": n, **entry(f"pegawai.{n}", n + 1)} for n in range(9000)])
    assert len(data) > 8 * BLOCK
    assert followers(opened(data)) == simply_read(data)


@given(data=st.binary() | st.binary().map(lambda tail: b"PK\x03\x04" + tail))
def test_bytes_that_are_nothing_are_only_ever_refused(data):
    nothing_but_refusals(data)


@given(text=st.text('[]{}",:\\0truenl ') | LOOKALIKES)
def test_text_that_is_nearly_json_is_only_ever_refused(text):
    nothing_but_refusals(text.encode())
    nothing_but_refusals(f'[{{"title":{text}'.encode())


ARCHIVE = zipped({PART.format(1): as_list([entry("budi")] * 50), PART.format(2): b"[]"})


@given(end=st.integers(0, len(ARCHIVE) - 1))
def test_an_archive_cut_anywhere_is_refused(end):
    with pytest.raises(ExportRefused):
        followers(opened(ARCHIVE[:end]))


@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(ARCHIVE) - 1), st.integers(0, 255)), min_size=1, max_size=6
    )
)
def test_a_forged_archive_raises_nothing_but_refusals(changes):
    data = bytearray(ARCHIVE)
    for place, byte in changes:
        data[place] = byte
    nothing_but_refusals(bytes(data))


def test_every_single_byte_of_an_archive_may_be_wrong():
    for place in range(len(ARCHIVE)):
        for change in (0x01, 0x80, 0xFF):
            data = bytearray(ARCHIVE)
            data[place] ^= change
            nothing_but_refusals(bytes(data))
