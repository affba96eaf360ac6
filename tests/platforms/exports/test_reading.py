"""An owner's export is read whatever shape it has, or refused with a reason that helps."""

import io
import json
import tracemalloc
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms.base import Platform
from app.platforms.exports import ExportLimits, ExportRefused, SummaryNotReady, open_export
from app.platforms.exports.distinct import Distinct
from tests.platforms.exports.written import (
    OWNER,
    PART,
    as_list,
    entry,
    followers,
    mojibake,
    opened,
    zipped,
)

BUDI, SITI = entry("budi.asn", 1735689600), entry("Siti_99", 1600000000)
BOTH = [("budi.asn", 1735689600), ("siti_99", 1600000000)]
LIST = as_list([BUDI, SITI])
GONE = entry("__deleted__abc")


def owner(label: str, value: str) -> str:
    return json.dumps({"profile_user": [{"string_map_data": {label: {"value": value}}}]})


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(LIST, id="bare-list"),
        pytest.param(b"\xef\xbb\xbf \n" + LIST + b"\n", id="byte-order-mark"),
        pytest.param(json.dumps([BUDI, SITI], indent=2).encode(), id="indented"),
        pytest.param(b'{"relationships_followers":' + LIST + b"}", id="wrapped"),
        pytest.param(b'{ "relationships_followers" : ' + LIST + b" } ", id="wrapped-spaced"),
        pytest.param(b'{"a":[1],"relationships_followers":' + LIST + b"}", id="key-before"),
        pytest.param(
            b'{"relationships_followers":' + LIST + b',"a":[{"title":1}]}', id="key-after"
        ),
        pytest.param(LIST.replace(b"/", rb"\/"), id="escaped-slashes"),
        pytest.param(LIST.replace(b"1600000000", b"1600000000.0"), id="float-time"),
        pytest.param(zipped({PART.format(1): LIST}), id="zip"),
        pytest.param(zipped({PART.format(1): LIST}, zipfile.ZIP_STORED), id="zip-stored"),
        pytest.param(
            zipped({PART.format(2): as_list([SITI]), PART.format(1): as_list([BUDI])}),
            id="zip-of-parts",
        ),
        pytest.param(
            zipped({f"instagram-x/{PART.format(1)}": LIST, "media/posts/1.jpg": b"x"}),
            id="zip-with-a-folder",
        ),
        pytest.param(zipped({"followers_and_following/followers.json": LIST}), id="older-zip"),
        pytest.param(zipped({"followers_1.json": LIST}), id="packed-again-by-hand"),
        pytest.param(zipped({"../../" + PART.format(1): LIST}), id="path-leading-out"),
        pytest.param(
            zipped({PART.format(1): LIST, "your_instagram_activity/threads/followers.json": b"{}"}),
            id="zip-with-threads",
        ),
    ],
)
def test_every_shape_gives_the_same_followers(data):
    export = opened(data)
    assert followers(export) == BOTH
    assert export.platform is Platform.INSTAGRAM
    summary = export.summary
    assert (summary.listed, summary.deleted, summary.unusable) == (2, 0, 0)
    assert summary.oldest == datetime.fromtimestamp(1600000000, UTC)
    assert summary.newest == datetime.fromtimestamp(1735689600, UTC)
    assert not summary.truncated


def test_one_follower_without_a_list_is_read():
    export = opened(json.dumps(BUDI).encode())
    assert followers(export) == BOTH[:1]
    assert not export.summary.truncated


@pytest.mark.parametrize("data", [b"[]", b" [ ]\n", b'{"relationships_followers":[]}'])
def test_nobody_follows(data):
    export = opened(data)
    assert followers(export) == []
    assert (export.summary.listed, export.summary.truncated) == (0, False)
    assert (export.summary.oldest, export.summary.newest) == (None, None)


def test_deleted_accounts_are_counted_but_not_handed_out():
    export = opened(as_list([GONE, BUDI, GONE]))
    assert followers(export) == BOTH[:1]
    assert (export.summary.listed, export.summary.deleted) == (1, 2)


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"title": "x", "string_list_data": []}, id="no-detail"),
        pytest.param({"title": "x"}, id="no-details"),
        pytest.param({"title": "x", "string_list_data": [{"href": "h"}]}, id="no-value"),
        pytest.param({"title": "x", "string_list_data": [{"value": None}]}, id="null"),
        pytest.param({"title": "x", "string_list_data": [{"value": 7}]}, id="number"),
        pytest.param(entry(" \t"), id="blank"),
        pytest.param("text", id="no-object"),
        pytest.param([1], id="list-in-list"),
    ],
)
def test_entries_without_a_handle_are_counted_as_unusable(odd):
    export = opened(as_list([BUDI, odd, SITI]))
    assert followers(export) == BOTH
    assert (export.summary.listed, export.summary.unusable) == (2, 1)


def test_a_list_of_nothing_usable_is_no_list_of_followers():
    new_following = {"title": "humas", "string_list_data": [{"href": "h", "timestamp": 1}]}
    export = opened(as_list([new_following, new_following]))
    with pytest.raises(ExportRefused) as refusal:
        followers(export)
    assert refusal.value.code == "not_followers"


@pytest.mark.parametrize("time", [0, -5, 1735689600000, 10**30, True, None, "x"])
def test_a_number_that_is_no_time_is_none(time):
    export = opened(as_list([entry("budi", time)]))
    assert followers(export) == [("budi", None)]
    assert export.summary.oldest is None


def test_mojibake_is_repaired_and_true_text_left_alone():
    data = as_list([entry(mojibake("Østfold")), entry("Østfold"), entry("é")])
    assert [handle for handle, _ in followers(opened(data))] == ["østfold", "østfold", "é"]


def test_half_of_a_pair_of_escapes_does_no_harm_to_the_others():
    found = followers(opened(as_list([BUDI, entry("\ud800x"), SITI])))
    assert [found[0], found[-1]] == BOTH
    assert len(found) == 3


@pytest.mark.parametrize(
    ("files", "handle"),
    [
        pytest.param({OWNER: owner("Username", "Diskominfo.Sumsel")}, "diskominfo.sumsel", id="en"),
        pytest.param({OWNER: owner("Nama pengguna", "humas")}, "humas", id="id"),
        pytest.param({OWNER.upper(): owner("USERNAME", "humas")}, "humas", id="casing"),
        pytest.param(
            {"personal_information/personal_information.json": owner("Username", "humas")},
            "humas",
            id="older-folder",
        ),
        pytest.param({OWNER: owner("Name", "Humas")}, None, id="no-username"),
        pytest.param({OWNER: owner("Username", "not a handle")}, None, id="no-handle"),
        pytest.param({OWNER: "{}"}, None, id="empty"),
        pytest.param({OWNER: "[[["}, None, id="broken"),
        pytest.param({OWNER: b"\xff\xfe"}, None, id="bytes"),
        pytest.param({}, None, id="absent"),
    ],
)
def test_the_owner_is_told_where_the_export_says_so(files, handle):
    assert opened(zipped({PART.format(1): LIST, **files})).owner_handle == handle


NO_FILE = "no_followers_file"
REFUSED = {
    "empty": (b"", "empty_file"),
    "blank": (b" \n", "empty_file"),
    "text": (b"hello", "not_an_export"),
    "pdf": (b"%PDF-1.7", "not_an_export"),
    "utf-16": ("[]".encode("utf-16"), "not_an_export"),
    "html": (b"<!DOCTYPE html><html>", "html_export"),
    "html-zip": (zipped({PART.format(1).replace(".json", ".html"): "<html>"}), "html_export"),
    "html-in-json-name": (zipped({PART.format(1): "<html>"}), "html_export"),
    "viewer-of-x": (b"<html>", "html_export"),
    "threads-html-zip": (zipped({"a/threads/followers.html": "<html>"}), "html_export"),
    "tiktok-text-zip": (zipped({"TikTok/Your Activity/Follower.txt": "Date: 2"}), "text_export"),
    "x-zip-without-it": (zipped({"data/account.js": "", "Your archive.html": ""}), NO_FILE),
    "x-other-script": (b"window.YTD.tweets.part0 = [ ]", "other_platform"),
    "takeout-zip-without-it": (zipped({"Takeout/archive_browser.html": ""}), NO_FILE),
    "takeout-header-only": (b"Channel Id,Channel Url,Channel Title\n", "not_an_export"),
    "emails": (b"Name,Address\nBudi,budi@contoh.id\n", "not_an_export"),
    "facebook": (b'{"following_v3":[{"name":"a"}]}', "names_only"),
    "facebook-likes": (b'{"page_likes_v2":[{"name":"a"}]}', "names_only"),
    "facebook-pages": (b'{"pages_followed_v2":[{"title":"a"}]}', "names_only"),
    "facebook-zip": (zipped({"your_facebook_activity/pages/x.json": ""}), "names_only"),
    "facebook-one-file-zip": (
        zipped({"connections/followers/who_you\u2019ve_followed.json": "{}"}),
        "names_only",
    ),
    "blank-part": (zipped({PART.format(1): LIST, PART.format(2): b" \n"}), "empty_file"),
    "text-part": (zipped({PART.format(1): b"Sorry, try again."}), "not_an_export"),
    "two-lists-in-one": (
        b'{"relationships_followers":' + LIST + b',"relationships_followers":' + LIST + b"}",
        "same_list_twice",
    ),
    "endless-number": (LIST[:-1] + b',{"title":' + b"1" * 6000 + b"}]", "damaged"),
    "other-list": (b'{"relationships_blocked_users":[]}', "not_followers"),
    "other-json": (b'[{"a":1}]', "not_followers"),
    "not-a-list": (b'{"relationships_followers":{"a":1}}', "not_followers"),
    "numbers": (b"[1,2]", "damaged"),
    "no-object": (b"{}", "damaged"),
    "cut-at-once": (b"[", "damaged"),
    "trailing-text": (LIST + b" x", "damaged"),
    "trailing-comma": (LIST[:-1] + b",]", "damaged"),
    "two-lists": (LIST + LIST, "damaged"),
    "other-zip": (zipped({"xl/workbook.xml": "<x>"}), "no_followers_file"),
    "empty-zip": (zipped({}), "no_followers_file"),
    "same-part-twice": (
        zipped({f"a/{PART.format(1)}": LIST, f"b/{PART.format(1)}": LIST}),
        "same_list_twice",
    ),
    "both-names": (
        zipped({PART.format(1): LIST, PART.format(1).replace("_1", ""): LIST}),
        "same_list_twice",
    ),
    "deep": (b'[{"title":' + b"[" * 300_000, "damaged"),
    "deep-from-the-start": (b"[" * 300_000, "damaged"),
    "deep-later": (LIST[:-1] + b',{"title":' + b'{"a":' * 100_000, "damaged"),
    "endless-handle": (as_list([entry("a" * 3_000_000)]), "damaged"),
    "endless-space": (LIST[:-1] + b" " * 3_000_000 + b"]", "damaged"),
    "not-utf-8": (LIST.replace(b"budi", b"bud\xff"), "damaged"),
}


@pytest.mark.parametrize(
    ("data", "code"), [pytest.param(*case, id=name) for name, case in REFUSED.items()]
)
def test_what_is_no_list_of_followers_is_refused_with_its_name(data, code):
    with pytest.raises(ExportRefused) as refusal:
        followers(opened(data))
    assert refusal.value.code == code
    assert "{" not in str(refusal.value)


@pytest.mark.parametrize(
    ("data", "filename"),
    [
        pytest.param(zipped({PART.format(1): LIST, PART.format(3): LIST}), None, id="gap"),
        pytest.param(zipped({PART.format(2): LIST}), None, id="first-part-missing"),
        pytest.param(LIST, "followers_2.json", id="a-later-part-alone"),
    ],
)
def test_a_missing_part_makes_the_list_incomplete(data, filename):
    export = opened(data, filename)
    assert followers(export)
    assert export.summary.truncated


def test_an_unusual_file_name_does_not_matter():
    export = opened(LIST, "followers_1 (2).json")
    assert followers(export) == BOTH
    assert not export.summary.truncated


def test_a_cut_file_in_a_sound_archive_is_incomplete():
    export = opened(zipped({PART.format(1): LIST[:-1], PART.format(2): LIST}))
    assert followers(export) == BOTH + BOTH
    assert export.summary.truncated
    assert export.summary.files == 2


def test_the_digest_is_that_of_the_lists_and_not_of_the_packing():
    bare = opened(LIST)
    others = [
        opened(zipped({PART.format(1): LIST})),
        opened(zipped({PART.format(1): LIST, "x": b"y"}, zipfile.ZIP_STORED)),
        opened(zipped({"followers_1.json": LIST}, level=1)),
    ]
    for export in [bare, *others]:
        followers(export)
    assert {export.summary.digest for export in others} == {bare.summary.digest}
    different = opened(LIST.replace(b"budi", b"badi"))
    followers(different)
    assert different.summary.digest != bare.summary.digest


def test_nothing_is_said_of_the_whole_before_all_is_read():
    export = opened(zipped({PART.format(1): LIST, PART.format(2): LIST}))
    with pytest.raises(SummaryNotReady):
        _ = export.summary
    batches = export.batches()
    next(batches)
    with pytest.raises(SummaryNotReady):
        _ = export.summary
    assert followers(export) == BOTH + BOTH
    assert export.summary.listed == 4


def test_the_callers_stream_stays_open():
    stream = io.BytesIO(LIST)
    followers(open_export(stream, filename=None))
    assert not stream.closed


@pytest.mark.parametrize(
    ("files", "limits"),
    [
        pytest.param({PART.format(1): b" " * 30_000_000}, ExportLimits(), id="ratio"),
        pytest.param({PART.format(1): LIST}, ExportLimits(max_list_bytes=50), id="size"),
        pytest.param(
            {PART.format(1): LIST, "a": b"", "b": b""},
            ExportLimits(max_archive_entries=2),
            id="entries",
        ),
        pytest.param(
            {PART.format(1): LIST, **{f"{n:0200}": b"" for n in range(400)}},
            ExportLimits(max_directory_bytes=70_000),
            id="directory",
        ),
    ],
)
def test_archives_beyond_the_limits_are_refused(files, limits):
    with pytest.raises(ExportRefused) as refusal:
        open_export(io.BytesIO(zipped(files)), filename=None, limits=limits)
    assert refusal.value.code == "too_large"


def test_a_file_beyond_the_limits_is_refused():
    with pytest.raises(ExportRefused) as refusal:
        open_export(io.BytesIO(LIST), filename=None, limits=ExportLimits(max_list_bytes=50))
    assert refusal.value.code == "too_large"


def test_a_password_is_asked_to_be_left_out():
    data = bytearray(zipped({PART.format(1): LIST}))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flags] |= 1
    with pytest.raises(ExportRefused) as refusal:
        opened(bytes(data))
    assert refusal.value.code == "encrypted"


def test_packings_that_cannot_be_read_in_pieces_are_refused():
    with pytest.raises(ExportRefused) as refusal:
        opened(zipped({PART.format(1): LIST}, zipfile.ZIP_BZIP2))
    assert refusal.value.code == "damaged"


def peak_of_reading(entries: int) -> int:
    """The most memory taken while a list is read, in bytes; the archive itself not counted."""
    data = zipped({PART.format(1): as_list([entry(f"pegawai.{n}", n + 1) for n in range(entries)])})
    tracemalloc.start()
    try:
        assert sum(len(batch) for batch in opened(data).batches()) == entries
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_by_no_more_than_a_mark_an_entry():
    assert peak_of_reading(40_000) - peak_of_reading(10_000) < 30_000 * 8 + 100_000


def test_repeated_entries_are_told_from_different_accounts():
    names = ["budi", "sari", "BUDI", "budi", "wati"]
    export = opened(as_list([entry(name, 5) for name in names]))
    with pytest.raises(SummaryNotReady):
        export.repeated()
    assert [name for batch in export.batches() for name, _ in batch] == [n.lower() for n in names]
    assert (export.summary.listed, export.repeated()) == (5, 2)


@given(st.lists(st.text(max_size=3)), st.integers(1, 5))
def test_different_accounts_are_counted_alike_however_they_are_grouped(names, at_once):
    distinct = Distinct(at_once)
    distinct.note(names[: len(names) // 2])
    distinct.note(names[len(names) // 2 :])
    assert distinct.count == len(set(names))
