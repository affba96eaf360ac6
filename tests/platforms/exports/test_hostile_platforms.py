"""Whatever is uploaded, the answer is a refusal with a reason or a summary, in bounded memory."""

import io
import json
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms.exports import ExportRefused, Relation, open_export
from tests.platforms.exports.test_platforms import (
    CHANNELS,
    FANS,
    TIKTOK_PATHS,
    at,
    script,
    takeout,
    threads,
    tiktok,
)
from tests.platforms.exports.written import Follower, SmallReads, entry, followers

MASTODON = b"Account address,Show boosts\na@b.id,true\nc@d.id,true\n"
SOUND: dict[str, bytes] = {
    "tiktok": tiktok(at(TIKTOK_PATHS[0], FANS), Comment={"Comments": [{"a": ["b", {"c": 1}]}]}),
    "x": script("follower", ["1", "22", "333"]),
    "threads": threads("followers", [entry("budi"), entry("é"), entry("siti", title="]}")]),
    "following": json.dumps({"relationships_following": [entry("a"), {"title": "b"}]}).encode(),
    "takeout": takeout(title='"a ""b"", c"'),
    "mastodon": MASTODON,
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=5)
            | st.sampled_from(
                [
                    *("Your Activity", "Activity", "Profile And Settings", "Follower", "FansList"),
                    *("Follower List", "Following", "UserName", "Date", "follower", "accountId"),
                    *("string_list_data", "value", "title", "timestamp", "relationships_followers"),
                    *("relationships_following", "text_post_app_text_post_app_followers"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=30,
)
KINDS = pytest.mark.parametrize("kind", SOUND)


def all_read(data: bytes, most: int, relation: Relation) -> tuple[list[Follower], bool] | None:
    """What is found and whether it is cut; None where it is refused."""
    try:
        export = open_export(SmallReads(data, most), filename=None, relation=relation)
        found = followers(export)
    except ExportRefused:
        return None
    summary = export.summary
    assert summary.listed == len(found)
    assert (summary.oldest is None) == all(time is None for _, time in found)
    return found, summary.truncated


@KINDS
@given(most=st.integers(1, 300))
def test_small_reads_find_the_same(kind, most):
    assert all_read(SOUND[kind], most, Relation.FOLLOWERS) == (
        followers(open_export(io.BytesIO(SOUND[kind]), filename=None)),
        False,
    )


@KINDS
def test_a_list_cut_at_each_byte_never_gains_and_is_never_whole(kind):
    data = SOUND[kind]
    whole = all_read(data, len(data), Relation.FOLLOWERS)
    assert whole is not None
    # Lines of a table that end where the cut is made are whole lines, so nothing can show it.
    last = len(data.rstrip()) if data[-1:] != b"\n" else 0
    for end in range(len(data)):
        found = all_read(data[:end], 50, Relation.FOLLOWERS)
        if found is not None:
            assert found[0] == whole[0][: len(found[0])]
            assert found[1] or end >= last > 0 or (last == 0 and data[:end].endswith(b"\n"))


@given(data=JSON, relation=st.sampled_from(Relation), prefix=st.booleans())
def test_any_json_is_read_or_refused(data, relation, prefix):
    text = json.dumps(data).encode()
    all_read(b"window.YTD.follower.part0 = " + text if prefix else text, 99, relation)


@given(lists=st.lists(JSON, max_size=5), path=st.sampled_from(TIKTOK_PATHS))
def test_any_entries_are_counted_one_by_one(lists, path):
    export = open_export(io.BytesIO(json.dumps(at(path, lists)).encode()), filename=None)
    with suppress(ExportRefused):
        found = followers(export)
        assert len(found) + export.summary.unusable + export.summary.deleted == len(lists)


@given(data=st.binary(max_size=200), kind=st.sampled_from(sorted(SOUND)), where=st.integers(0, 300))
def test_bytes_thrown_into_a_list_do_no_harm(data, kind, where):
    sound = SOUND[kind]
    all_read(sound[:where] + data + sound[where:], 77, Relation.FOLLOWERS)


@given(
    data=st.binary(max_size=300),
    begin=st.sampled_from(
        [
            b"",
            b"window.YTD.follower.part0 = [",
            b'{"Your Activity":',
            b"Account address,",
            b"PK\x03\x04",
        ]
    ),
)
def test_any_bytes_are_read_or_refused(data, begin):
    all_read(begin + data, 64, Relation.FOLLOWERS)


ENDLESS: dict[str, Callable[[int], bytes]] = {
    "name": lambda n: tiktok(at(TIKTOK_PATHS[0], [*FANS, {"UserName": "a" * n}])),
    "section": lambda n: b'{"Activity":"' + b"a" * n + b'"}',
    "key": lambda n: b'{"Activity":{"' + b"a" * n + b'":1}}',
    "number": lambda n: b'{"Activity":' + b"1" * n + b"}",
    "depth": lambda n: b'{"Activity":' + b"[" * n,
    "entry": lambda n: b'{"Activity":{"Follower List":{"FansList":[[' + b"1," * n,
    "space": lambda n: b'{"Activity":' + b" " * n + b"1}",
    "x-space": lambda n: b"window.YTD.follower.part0 = [" + b" " * n + b"]",
    "x-id": lambda n: script("follower", ["1" * n]),
    "csv-field": lambda n: takeout(title="a" * n),
    "csv-quoted": lambda n: takeout(title='"' + "a\n" * n),
}


@pytest.mark.parametrize("made", ENDLESS.values(), ids=ENDLESS)
def test_what_has_no_end_is_refused_before_it_fills_the_memory(made):
    data = made(12_000_000)
    tracemalloc.start()
    try:
        assert all_read(data, 1 << 20, Relation.FOLLOWERS) is None
        assert tracemalloc.get_traced_memory()[1] < 14_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("most", [100, 1 << 16])
def test_a_number_without_end_is_refused_in_pieces_of_any_size(most):
    # Behind the first look, which sees the beginning in one piece.
    begin = b'{"Activity":{"Follower List":{"FansList":null},"Other":[' + b'"a",' * 40_000
    assert all_read(begin + b"1" * 6000 + b"]}}", most, Relation.FOLLOWERS) is None
    assert all_read(begin + b"1" * 600 + b"]}}", most, Relation.FOLLOWERS) == ([], False)


@pytest.mark.parametrize(("depth", "read"), [(20, ([], False)), (60, None)])
def test_only_what_is_nested_beyond_reason_is_refused(depth, read):
    nested = b'{"a":' * depth + b"1" + b"}" * depth
    data = b'{"Activity":{"Follower List":{"FansList":[]},"Other":' + nested + b"}}"
    assert all_read(data, 99, Relation.FOLLOWERS) == read


def many(count: int) -> dict[str, bytes]:
    fans = [{"Date": "2025-10-01 09:31:12", "UserName": f"pegawai.{n}"} for n in range(count)]
    views: dict[str, Any] = {
        "Watch History": {"VideoList": [{"Link": f"v/{n}"} for n in range(count)]}
    }
    return {
        "tiktok": tiktok(views, at(TIKTOK_PATHS[0], fans)),
        "x": script("follower", [str(n) for n in range(count)]),
        "threads": threads("followers", [entry(f"pegawai.{n}") for n in range(count)]),
        "following": json.dumps(
            {"relationships_following": [{"title": f"a{n}"} for n in range(count)]}
        ).encode(),
        "takeout": takeout(channels=[f"{CHANNELS[0][:14]}{n:010d}" for n in range(count)]),
        "mastodon": MASTODON
        + b"".join(b"u%d@contoh.id,true,%s\n" % (n, b"id " * 50) for n in range(count)),
    }


def peak_of(data: bytes) -> int:
    """The most memory taken while a list is read; the upload itself not counted."""
    stream = io.BytesIO(data)
    tracemalloc.start()
    try:
        export = open_export(stream, filename=None)
        assert sum(len(batch) for batch in export.batches()) > 1000
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@KINDS
def test_memory_grows_by_no_more_than_a_mark_an_entry(kind):
    few, more = many(5_000)[kind], many(20_000)[kind]
    assert peak_of(more) - peak_of(few) < 15_000 * 8 + 0.2 * (len(more) - len(few))
