"""Whatever is handed in as an own export is read or refused, and shows nothing that it lacks."""

import io
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.models import Account
from app.core.errors import AppError
from app.core.ids import new_id
from app.core.uploads import Upload
from app.observations.self_exports import SelfExport, Word, made_at, read_self_export
from app.platforms.base import Platform
from tests.api.exports import instagram_own, tiktok_own, x_own
from tests.support import NOW

OFFICIAL, OTHER = new_id(), new_id()
FILES = {
    Platform.INSTAGRAM: instagram_own([("pemprovsumsel", NOW), ("kawan", NOW)]),
    Platform.TIKTOK: tiktok_own([("pemprovsumsel", NOW), ("kawan", NOW)]),
    Platform.X: x_own([("12497", NOW), ("9000000001", NOW)]),
}


def read(data: bytes, platform: Platform) -> SelfExport | None:
    """What a file shows; None where it is refused, as a person is told."""
    account = Account(platform=platform, handle="satu", platform_id=None)
    officials = {"pemprovsumsel": OFFICIAL, "12497": OFFICIAL, "diskominfo": OTHER}
    try:
        return read_self_export(account, Upload(io.BytesIO(data), None, {}), officials)
    except AppError:
        return None


@pytest.mark.parametrize("platform", FILES, ids=list(FILES))
def test_a_sound_file_shows_the_official_account_on_it(platform):
    found = read(FILES[platform], platform)
    assert found is not None
    assert (set(found.began_at), found.owner_told) == ({OFFICIAL}, True)


@given(
    data=st.binary() | st.binary().map(lambda tail: b"PK\x03\x04" + tail),
    platform=st.sampled_from(Platform),
)
def test_bytes_that_are_nothing_are_refused(data, platform):
    assert read(data, platform) is None


@given(
    platform=st.sampled_from(sorted(FILES)),
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6
    ),
    end=st.floats(0.5, 1),
)
def test_a_forged_file_is_refused_or_shows_no_other_account(platform, changes, end):
    data = bytearray(FILES[platform])
    for place, byte in changes:
        data[int(place * len(data))] = byte
    found = read(bytes(data[: int(end * len(data))]), platform)
    assert found is None or OTHER not in found.began_at


@given(
    newest=st.none() | st.integers(-30, 5),
    said=st.none() | st.integers(-30, 5),
    officer=st.sampled_from([None, "Sari Wulandari"]),
    owner_told=st.booleans(),
)
def test_a_file_is_never_dated_ahead_or_fresher_than_anybody_says(
    newest, said, officer, owner_told
):
    moments = {day: NOW + timedelta(days=day) for day in range(-30, 6)}
    export = SelfExport({}, moments.get(newest), b"", owner_told)
    try:
        moment = made_at(export, Word(moments.get(said), officer), now=NOW)
    except AppError:
        return
    assert moment <= NOW
    assert moment == moments.get(said, moments.get(newest))
    assert newest is None or moment >= moments[newest]
    assert officer is not None or (owner_told and said is None)
