"""Anchor files: what is written is read again, and nothing else is taken for an anchor."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audit.anchors import AnchorUnreadable, append, read
from app.audit.rules import Anchor
from tests.support import NOW

ONE = Anchor(UUID("01900000-0000-7000-8000-000000000000"), "sumsel", 7, bytes(32), NOW)
SOUND = (
    '{"tenant_id":"01900000-0000-7000-8000-000000000000","tenant":"sumsel","sequence":7,'
    f'"hash":"{bytes(32).hex()}","at":"2026-11-24T03:00:00Z"}}'
)


def test_what_is_appended_is_read_again(tmp_path):
    file = tmp_path / "anchors.jsonl"
    append(file, [ONE])
    append(file, [ONE, ONE])
    assert file.read_text().splitlines() == [SOUND] * 3
    with file.open("rb") as lines:
        assert read(lines) == [ONE] * 3


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "{}",
        "7",
        '"x"',
        "\xff",
        SOUND.replace("7,", '"7",'),
        SOUND.replace("7,", "true,"),
        SOUND.replace("00", "0g"),
        SOUND.replace("01900000-", ""),
        SOUND.replace("2026-11-24T", ""),
        SOUND.replace("Z", ""),
        SOUND.replace("00", ""),
        SOUND.replace('"sumsel"', "7"),
        SOUND.replace('"01900000-0000-7000-8000-000000000000"', "7"),
    ],
)
def test_what_is_no_anchor_is_named_by_its_line(line):
    with pytest.raises(AnchorUnreadable, match="Line 3 of the anchor file"):
        read([SOUND.encode(), b"\n", line.encode("latin-1")])


@given(st.lists(st.binary()))
def test_no_bytes_do_more_harm_than_being_refused(lines):
    try:
        read(lines)
    except AnchorUnreadable:
        return
    assert all(not line.strip() for line in lines)
