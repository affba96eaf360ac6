"""What employees show themselves: whose file it is, when it was made, and what is kept of it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from app.core.ids import new_id
from tests.api.exports import (
    archive,
    export,
    instagram_own,
    mastodon_own,
    threads_own,
    tiktok_own,
    x_own,
    youtube_own,
)
from tests.api.test_compliance import LONG_AGO
from tests.api.test_growth import official_account
from tests.api.test_imports import UNITS, put, table
from tests.audit.trails import numbers
from tests.support import NOW, Api, nip
from tests.workers.scripts import everything, rows

CHANNEL = "UC1JTQBa5QxZCpXrFSkMxmPw"
BEGAN = NOW - timedelta(days=40)
NEWEST = NOW - timedelta(days=2)
OFFICER = "Sari Wulandari"


@dataclass(frozen=True)
class Place:
    """One platform: how the two accounts are called there, and how its own exports are written."""

    platform: str
    employee: str
    official: str
    key: str
    write: Any
    tells_owner: bool = True
    tells_dates: bool = True

    def friends(self) -> list[tuple[str, Any]]:
        """Whom the employee follows besides; none of them may be kept."""
        names = {
            "x": ["9000000001", "9000000002"],
            "youtube": ["UCrahasia0000000000000001", "UCrahasia0000000000000002"],
            "mastodon": ["kawan_rahasia@mastodon.social", "teman_rahasia@mastodon.social"],
        }
        kept = names.get(self.platform, ["kawan_rahasia", "teman_rahasia"])
        return [(kept[0][:24], LONG_AGO), (kept[1], NEWEST)]

    def file(self, **fields: Any) -> bytes:
        return self.write([(self.key, BEGAN), *self.friends()], **fields)


PLACES = {
    each.platform: each
    for each in (
        Place("instagram", "satu", "pemprovsumsel", "pemprovsumsel", instagram_own),
        Place("threads", "satu", "pemprovsumsel", "PemprovSumsel", threads_own),
        Place("tiktok", "satu", "pemprovsumsel", "pemprovsumsel", tiktok_own),
        Place("x", "satu", "pemprovsumsel", "12497", x_own, tells_dates=False),
        Place(
            "youtube", "@satu", CHANNEL, CHANNEL, youtube_own,
            tells_owner=False, tells_dates=False,
        ),
        Place(
            "mastodon", "satu@mastodon.social", "sumsel@mastodon.social",
            "sumsel@mastodon.social", mastodon_own, tells_owner=False, tells_dates=False,
        ),
    )
}  # fmt: skip
EACH = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
INSTAGRAM, TIKTOK = PLACES["instagram"], PLACES["tiktok"]


@dataclass(frozen=True)
class Desk:
    """Where an employee hands in what shows that an account follows."""

    api: Api
    account: dict[str, Any]
    official: dict[str, Any]

    async def hand_in(self, content: bytes, name: str = "export.zip", **fields: str):
        path = f"/v1/accounts/{self.account['id']}/evidence"
        return await self.api.upload(path, content, filename=name, **fields)

    async def review(self, **fields: Any) -> httpx.Response:
        body = {
            "source": "screenshot",
            "official_account_id": self.official["id"],
            "taken_at": NEWEST.isoformat(),
            "officer": OFFICER,
            **fields,
        }
        return await self.api.post(f"/v1/accounts/{self.account['id']}/evidence", body)

    async def kept(self) -> dict[str, Any]:
        answer = await self.api.get(f"/v1/accounts/{self.account['id']}/evidence")
        assert answer.status_code == 200, answer.text
        return answer.json()


async def open_desk(api: Api, place: Place) -> Desk:
    await put(api, "work_units", UNITS)
    await put(api, "employees", table(f"{nip(1)},Pegawai 1,pppk,16.01,,"))
    [person] = (await api.get("/v1/employees")).json()["items"]
    declared = await api.post(
        f"/v1/employees/{person['id']}/accounts",
        {"account": place.employee, "platform": place.platform},
    )
    assert declared.status_code == 201, declared.text
    fields = {"platform_id": place.key} if place.platform == "x" else {}
    official = await official_account(api, place.official, platform=place.platform, **fields)
    return Desk(api, declared.json(), official)


@pytest.fixture
async def desk(api: Api) -> Desk:
    return await open_desk(api, INSTAGRAM)


def vouched(place: Place) -> dict[str, str]:
    """What an officer has to say where the file is silent."""
    if place.tells_owner and place.tells_dates:
        return {}
    return {"officer": OFFICER, "taken_at": NEWEST.isoformat()}


@EACH
async def test_an_own_export_shows_the_official_account_and_nothing_else_is_kept(
    api, services, government, place, caplog
):
    desk = await open_desk(api, place)
    caplog.set_level("DEBUG")
    with capture_logs() as logged:
        answer = await desk.hand_in(place.file(), **vouched(place))
    assert answer.status_code == 201, answer.text
    taken = answer.json()
    [fact] = taken["facts"]
    assert (fact["official_account_id"], fact["answer"]) == (desk.official["id"], "follows")
    dated = "2026-10-15T03:00:00Z" if place.tells_dates else None
    assert fact["began_at"] == dated
    assert taken["source"] == ("self_export" if place.tells_owner else "screenshot")
    assert (taken["owner_told"], taken["taken_at"]) == (place.tells_owner, "2026-11-22T03:00:00Z")
    [listed] = (await desk.kept())["items"]
    assert listed == {name: taken[name] for name in listed}
    stored = await everything(services, government)
    assert "self_evidence" in stored
    for name, _ in place.friends():
        assert name not in f"{stored}{caplog.text}{logged}{answer.text}"


@EACH
async def test_what_the_file_does_not_say_an_officer_must(api, place):
    desk = await open_desk(api, place)
    answer = await desk.hand_in(place.file())
    if place.tells_owner and place.tells_dates:
        assert answer.status_code == 201, answer.text
        return
    missing = "/taken_at" if place.tells_owner else "/officer"
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == missing
    unnamed = await desk.hand_in(place.file(), taken_at=NEWEST.isoformat())
    assert unnamed.json()["errors"][0]["pointer"] == "/officer"
    assert (await desk.kept())["items"] == []


@pytest.mark.parametrize("platform", ["instagram", "threads", "tiktok", "x"])
async def test_anothers_export_is_refused(api, services, government, platform):
    desk = await open_desk(api, PLACES[platform])
    file = PLACES[platform].file(owner="orang_lain")
    answer = await desk.hand_in(file, **vouched(PLACES[platform]))
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["code"] == "wrong_account"
    assert "orang_lain" not in answer.text + await everything(services, government)


@pytest.mark.parametrize("platform", ["instagram", "threads", "tiktok", "x"])
async def test_a_file_that_names_no_owner_needs_an_officer_and_is_weaker(api, platform):
    place = PLACES[platform]
    desk = await open_desk(api, place)
    refused = await desk.hand_in(place.file(owner=None))
    assert refused.json()["errors"][0]["pointer"] == "/officer"
    fields = {**vouched(place), "officer": OFFICER}
    taken = (await desk.hand_in(place.file(owner=None), **fields)).json()
    assert (taken["source"], taken["owner_told"], taken["officer"]) == (
        "screenshot", False, OFFICER,
    )  # fmt: skip
    # The whole archive holds the same list, and says whose it is.
    own = await desk.hand_in(place.file(), **vouched(place))
    assert (own.status_code, own.json()["source"]) == (201, "self_export")


async def test_an_id_decides_whose_file_it_is_where_both_are_known(api, connection):
    desk = await open_desk(api, PLACES["x"])
    await connection.execute(
        text("UPDATE accounts SET platform_id = '555' WHERE id = :id"), {"id": desk.account["id"]}
    )
    officer = {"officer": OFFICER, "taken_at": NEWEST.isoformat()}
    recycled = await desk.hand_in(PLACES["x"].file(owner_id="101"), **officer)
    assert recycled.json()["errors"][0]["code"] == "wrong_account"
    renamed = await desk.hand_in(PLACES["x"].file(owner="nama_baru", owner_id="555"), **officer)
    assert renamed.status_code == 201, renamed.text


HOSTILE = [
    pytest.param(
        export([("pemprovsumsel", BEGAN)], owner="satu"), 422, "followers_list", id="followers",
    ),
    pytest.param(TIKTOK.file(), 422, "wrong_platform", id="another-platform"),
    pytest.param(PLACES["threads"].write([]), 422, "nothing_shown", id="nobody"),
    pytest.param(b"", 422, "empty", id="empty"),
    pytest.param(b"<html>following</html>", 415, "html_export", id="html"),
    pytest.param(b"PK\x03\x04 broken", 415, "damaged", id="damaged"),
    pytest.param(INSTAGRAM.file()[:-40], 415, "damaged", id="cut"),
    pytest.param(archive({"notes.txt": "pemprovsumsel"}), 415, "no_followers_file", id="no-list"),
    pytest.param(b'{"messages": ["pemprovsumsel"]}', 415, "not_followers", id="other-json"),
    pytest.param(b"\x89PNG\r\n pemprovsumsel", 415, "not_an_export", id="picture"),
    pytest.param(b'{"relationships_following": [' + b"[" * 90, 415, "damaged", id="too-deep"),
    pytest.param(
        archive({"a/following.json": [], "b/following.json": []}), 415, "same_list_twice",
        id="twice",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("content", "status", "code"), HOSTILE)
async def test_other_and_hostile_files_are_refused_and_leave_nothing(
    desk, services, government, content, status, code
):
    answer = await desk.hand_in(content, officer=OFFICER, taken_at=NOW.isoformat())
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["code"] == code
    assert (await desk.kept())["items"] == []
    counts = "SELECT (SELECT count(*) FROM pair_answers) + (SELECT count(*) FROM follows) AS n"
    assert (await rows(services, government.tenant_id, counts))[0].n == 0


@pytest.mark.parametrize(
    ("fields", "taken_at", "pointer"),
    [
        pytest.param({}, NEWEST, None, id="newest-entry"),
        pytest.param({"taken_at": NOW, "officer": OFFICER}, NOW, None, id="officer"),
        pytest.param(
            {"taken_at": "2026-11-24T10:00:00+07:00", "officer": OFFICER}, NOW, None, id="in-wib",
        ),
        pytest.param({"taken_at": NOW}, None, "/officer", id="nobodys-word"),
        pytest.param(
            {"taken_at": NOW + timedelta(seconds=1), "officer": OFFICER}, None, "/taken_at",
            id="future",
        ),
        pytest.param(
            {"taken_at": NEWEST - timedelta(seconds=1), "officer": OFFICER}, None, "/taken_at",
            id="before-its-entries",
        ),
        pytest.param({"officer": "x\ny"}, None, "/officer", id="no-name"),
    ],
)  # fmt: skip
async def test_a_file_is_as_fresh_as_its_date(desk, fields, taken_at, pointer):
    said = {
        name: value if isinstance(value, str) else value.isoformat()
        for name, value in fields.items()
    }
    answer = await desk.hand_in(INSTAGRAM.file(), **said)
    if pointer is not None:
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer
        return
    assert answer.json()["taken_at"] == taken_at.isoformat().replace("+00:00", "Z")


async def test_entries_in_the_future_are_no_evidence(desk):
    answer = await desk.hand_in(instagram_own([("pemprovsumsel", NOW + timedelta(days=1))]))
    assert answer.status_code == 422
    assert answer.json()["errors"][0] == {
        "pointer": "/file", "code": "future", "message": "entries in the future",
    }  # fmt: skip


async def test_the_database_keeps_no_denial_and_no_unreviewed_screenshot(desk, connection):
    await desk.hand_in(INSTAGRAM.file())
    await connection.execute(text("SELECT set_config('role', 'none', true)"))
    for statement, name in (
        ("UPDATE pair_answers SET answer = 'does_not_follow'", "what_is_shown_is_never_a_no"),
        ("UPDATE pair_answers SET slot = asked_at", "only_platforms_answer_in_slots"),
        ("UPDATE self_evidence SET source = 'screenshot'", "an_officer_has_reviewed_a_screenshot"),
        ("UPDATE self_evidence SET digest = NULL", "is_a_file_or_names_an_official_account"),
        ("UPDATE self_evidence SET recorded_at = '2020-01-01'", "recorded_after_it_was_made"),
    ):
        savepoint = await connection.begin_nested()
        with pytest.raises(IntegrityError, match=name):
            await connection.execute(text(statement))
        await savepoint.rollback()


async def test_another_government_neither_shows_nor_sees(desk, other_api):
    stranger = Desk(other_api, desk.account, desk.official)
    assert (await stranger.hand_in(INSTAGRAM.file())).status_code == 404
    assert (await stranger.review()).status_code == 404
    path = f"/v1/accounts/{desk.account['id']}/evidence"
    assert (await other_api.get(path)).status_code == 404
    unknown = await desk.review(official_account_id=str(new_id()))
    assert unknown.status_code == 404


async def test_what_is_handed_in_and_looked_at_is_on_record(desk, connection, government):
    before = await numbers(connection, government.tenant_id, "read")
    assert (await desk.review()).status_code == 201
    await desk.kept()
    entries = await connection.execute(
        text(
            "SELECT operation, employee_ids FROM audit_entries"
            " WHERE tenant_id = :tenant_id AND kind = 'read' AND sequence > :last ORDER BY sequence"
        ),
        {"tenant_id": government.tenant_id, "last": max(before, default=0)},
    )
    owner = [UUID(desk.account["employee_id"])]
    assert [tuple(row) for row in entries] == [("take_evidence", owner), ("list_evidence", owner)]
