"""What follows from evidence that employees show: follows and verdicts, never a no, kept once."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import date, timedelta
from typing import Any

import pytest

from app.identity.scopes import Scope
from app.platforms.base import PairReading
from tests.api.exports import instagram_own, tiktok_own, x_own
from tests.api.test_compliance import CITIZENS, account, registry, verdicts_of  # noqa: F401
from tests.api.test_evidence import OFFICER, Desk
from tests.api.test_growth import official_account
from tests.api.test_isolation import key_of
from tests.api.test_membership import DAY, Town, by_handle, town  # noqa: F401
from tests.api.test_neutrality import GOVERNOR, window
from tests.api.test_pair_follows import follows_of
from tests.support import NOW, Api
from tests.workers.scripts import queued, rows

KEPT = (
    "SELECT answer.id, account.handle, answer.source, answer.answer, answer.asked_at, answer.slot"
    " FROM pair_answers AS answer JOIN accounts AS account ON account.id = answer.account_id"
    " ORDER BY answer.asked_at, answer.id"
)
CHANGES = "SELECT facts FROM changes WHERE kind = 'evidence:taken' ORDER BY sequence"
BEGAN = NOW - timedelta(days=40)
TODAY = date(2026, 11, 24)


async def desk_of(town: Town, number: str, *, official: dict | None = None) -> Desk:
    found = await town.api.get(f"/v1/employees/{town.people[number]}/accounts")
    [declared] = found.json()["items"]
    return Desk(town.api, declared, official or town.official)


def own(owner: str, *followed: str, newest: Any = NOW) -> bytes:
    """An own export with some others on it, the last of whom dates the file."""
    listed = [(each, BEGAN) for each in followed]
    return instagram_own([*listed, ("kawan_rahasia", newest)], owner=owner)


async def kept(town: Town) -> list[Any]:
    return await rows(town.services, town.government.tenant_id, KEPT)


async def test_who_shows_it_follows_without_a_proof_of_ownership(town):
    desk = await desk_of(town, "4")
    assert desk.account["verified_at"] is None
    taken = (await desk.hand_in(own("empat", "pemprovsumsel"))).json()
    [follow] = await follows_of(town)
    [fact] = taken["facts"]
    assert (follow.handle, follow.first_seen_at, follow.closed_at) == ("empat", NOW, None)
    assert (follow.first_kind, str(follow.first_id)) == ("pair_answer", fact["id"])
    await town.judge()
    verdict = (await verdicts_of(town.api, town.people["4"]))["follow"]
    assert (verdict["verdict"], verdict["evidence"]["ids"]) == ("met", [fact["id"]])
    [pair] = verdict["evidence"]["pairs"]
    assert (pair["source"], pair["answer"]) == ("self_export", "follows")


async def test_absence_from_an_own_export_ends_no_follow_and_is_not_kept(town):
    town.script.following = by_handle(satu=PairReading(True, "script"))
    await town.ask()
    await town.judge()
    assert await town.follow_of("1") == "met:pair_positive"
    town.clock.at += DAY
    answer = await (await desk_of(town, "1")).hand_in(own("satu", "orang_lain", newest=NOW + DAY))
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["code"] == "nothing_shown"
    [follow] = await follows_of(town)
    assert follow.closed_at is None
    assert len(await kept(town)) == 1
    assert await rows(town.services, town.government.tenant_id, CHANGES) == []


async def test_what_is_shown_takes_no_slot_from_the_platforms_answer(town):
    desk = await desk_of(town, "1")
    assert (await desk.hand_in(own("satu", "pemprovsumsel"))).status_code == 201
    town.script.following = by_handle(satu=PairReading(False, "script"))
    await town.ask()
    assert {(each.source, each.answer, each.slot) for each in await kept(town)} == {
        ("self_export", "follows", None),
        ("script", "does_not_follow", NOW),
    }


async def test_the_same_file_again_keeps_and_tells_nothing_new(town):
    desk = await desk_of(town, "4")
    file = own("empat", "pemprovsumsel", "diskominfosumsel")
    first = await desk.hand_in(file)
    town.clock.at += DAY
    again = await desk.hand_in(file, officer=OFFICER, taken_at=town.clock.at.isoformat())
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert len(await kept(town)) == 1
    [change] = await rows(town.services, town.government.tenant_id, CHANGES)
    assert change.facts == {
        "source": "self_export", "account_id": desk.account["id"], "facts": 1,
    }  # fmt: skip
    causes = [job.cause for job, _ in await queued(town.services, "evaluate_tenant")]
    assert sum(cause.startswith("evidence:") for cause in causes) == 1
    # An account that has become official since was on the list all the time.
    await official_account(town.api, "diskominfosumsel")
    more = await desk.hand_in(file)
    assert (more.status_code, len(more.json()["facts"])) == (200, 2)
    assert [each.asked_at for each in await kept(town)] == [NOW, NOW]
    assert len(await rows(town.services, town.government.tenant_id, CHANGES)) == 2


async def test_a_reviewed_screenshot_is_a_fact_and_a_mere_word_is_none(town):
    desk = await desk_of(town, "4")
    said = await desk.review(source="self_declared", taken_at=NOW.isoformat(), remark="Lewat WA")
    assert said.status_code == 201, said.text
    assert (said.json()["facts"], said.json()["owner_told"]) == ([], None)
    assert (await kept(town), await follows_of(town)) == ([], [])
    causes = [job.cause for job, _ in await queued(town.services, "evaluate_tenant")]
    assert not any(cause.startswith("evidence:") for cause in causes)
    seen = await desk.review(taken_at="2026-11-24T10:00:00+07:00")
    again = await desk.review(taken_at=NOW.isoformat())
    assert (seen.status_code, again.status_code) == (201, 200)
    assert seen.json() == again.json()
    [answer] = await kept(town)
    assert (answer.source, answer.answer, answer.asked_at) == ("screenshot", "follows", NOW)
    assert len(await follows_of(town)) == 1
    shown = (await desk.kept())["items"]
    assert [(each["source"], each["officer"], each["remark"]) for each in shown] == [
        ("self_declared", OFFICER, "Lewat WA"),
        ("screenshot", OFFICER, None),
    ]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        pytest.param({"officer": " "}, "/body/officer", id="no-officer"),
        pytest.param({"taken_at": (NOW + DAY).isoformat()}, "/taken_at", id="future"),
        pytest.param({"taken_at": "2026-11-20"}, "/body/taken_at", id="no-moment"),
        pytest.param({"source": "self_export"}, "/body/source", id="an-export-is-a-file"),
        pytest.param({"picture": "data:"}, "/body/picture", id="no-picture"),
    ],
)
async def test_reviews_that_cannot_stand_are_refused(town, fields, pointer):
    answer = await (await desk_of(town, "4")).review(**fields)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert await kept(town) == []


async def test_a_follow_cannot_cross_platforms(town):
    elsewhere = await official_account(town.api, platform="tiktok")
    desk = await desk_of(town, "4", official=elsewhere)
    answer = await desk.review()
    assert answer.json()["errors"][0]["pointer"] == "/official_account_id"
    file = tiktok_own([("pemprovsumsel", BEGAN)], owner="empat")
    assert (await desk.hand_in(file)).json()["errors"][0]["code"] == "wrong_platform"


@pytest.mark.parametrize(
    "number", [pytest.param("5", id="contested"), pytest.param("4", id="retired")]
)
async def test_nothing_shows_of_a_contested_or_retired_account(town, number):
    desk = await desk_of(town, number)
    if number == "4":
        await town.api.delete(f"/v1/accounts/{desk.account['id']}")
    for answer in (await desk.hand_in(b"never opened"), await desk.review()):
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("nothing-can-be-shown")
    assert await kept(town) == []


async def test_facebook_has_no_export_that_shows_anything(town):
    person = town.people["4"]
    declared = await town.api.post(
        f"/v1/employees/{person}/accounts", {"account": "empat.sumsel", "platform": "facebook"}
    )
    official = await official_account(town.api, "pemprov.sumsel", platform="facebook")
    desk = Desk(town.api, declared.json(), official)
    assert (await desk.hand_in(b"{}")).json()["errors"][0]["code"] == "no_export"
    assert (await desk.review()).status_code == 201


async def test_of_a_paused_account_nothing_is_kept_or_told(town):
    governor = await official_account(town.api, "gubernursumsel", **GOVERNOR)
    desk = await desk_of(town, "4", official=governor)
    await desk.review(taken_at=BEGAN.isoformat())
    before = own("empat", "gubernursumsel", newest=NOW - DAY)
    assert (await desk.hand_in(before)).status_code == 201
    declared = await town.api.post(
        "/v1/neutrality-windows", window(TODAY, TODAY + timedelta(days=1))
    )
    file = own("empat", "gubernursumsel", "pemprovsumsel")
    taken = (await desk.hand_in(file)).json()
    assert [each["official_account_id"] for each in taken["facts"]] == [town.official["id"]]
    assert [each["official_account_id"] for each in taken["paused"]] == [governor["id"]]
    assert (await desk.review()).status_code == 409
    shown = await desk.kept()
    assert governor["id"] not in str(shown["items"])
    assert [len(each["facts"]) for each in shown["items"]] == [0, 1]
    assert [each["official_account_id"] for each in shown["paused"]] == [governor["id"]]
    path = f"/v1/neutrality-windows/{declared.json()['id']}/withdrawal"
    await town.api.post(path, {"officer": "Sekretaris", "reason": "Salah tanggal"})
    assert [len(each["facts"]) for each in (await desk.kept())["items"]] == [1, 1, 1]
    # What the file said of it was not kept, so it has to be shown again.
    assert len((await desk.hand_in(file)).json()["facts"]) == 2


async def test_a_file_is_not_opened_where_every_official_account_is_paused(town):
    await official_account(town.api, "gubernursumsel", **GOVERNOR)
    fields = {"active": False}
    got = await town.api.get(f"/v1/official-accounts/{town.official['id']}")
    path = f"/v1/official-accounts/{town.official['id']}"
    await town.api.patch(path, fields, etag=got.headers["etag"])
    await town.api.post("/v1/neutrality-windows", window(TODAY, TODAY))
    answer = await (await desk_of(town, "4")).hand_in(b"never opened")
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("nothing-to-follow")


async def test_accounts_without_an_id_are_named_where_files_hold_ids(town):
    declared = await town.api.post(
        f"/v1/employees/{town.people['4']}/accounts", {"account": "empat", "platform": "x"}
    )
    known = await official_account(town.api, "sumsel", platform="x", platform_id="12497")
    unknown = await official_account(town.api, "diskominfo", platform="x")
    desk = Desk(town.api, declared.json(), known)
    file = x_own([("12497", BEGAN)], owner="empat", owner_id="77")
    taken = (await desk.hand_in(file, officer=OFFICER, taken_at=NOW.isoformat())).json()
    assert [each["official_account_id"] for each in taken["facts"]] == [known["id"]]
    assert taken["not_comparable"] == [unknown["id"]]


async def test_a_unit_hands_in_for_its_own_people_and_needs_verdicts_to_read(http, town):
    found = (await town.api.get("/v1/work-units")).json()["items"]
    units = {each["code"]: each["id"] for each in found}
    theirs, others = await desk_of(town, "4"), await desk_of(town, "3")
    token = await key_of(
        town.services,
        town.government.tenant_id,
        unit=units["16.01"],
        scopes=[Scope.ACCOUNTS_READ, Scope.ACCOUNTS_WRITE],
    )
    unit = Api(http, token)
    file = own("empat", "pemprovsumsel")
    assert (await Desk(unit, theirs.account, town.official).hand_in(file)).status_code == 201
    refused = await Desk(unit, others.account, town.official).hand_in(own("tiga", "pemprovsumsel"))
    assert refused.status_code == 404
    path = f"/v1/accounts/{theirs.account['id']}/evidence"
    assert (await unit.get(path)).status_code == 403
    assert (await town.api.get(path)).status_code == 200


async def test_pages_of_evidence_follow_one_another(town):
    desk = await desk_of(town, "4")
    for days in range(3):
        await desk.review(taken_at=(NOW - days * DAY).isoformat())
    path = f"/v1/accounts/{desk.account['id']}/evidence"
    first = (await town.api.get(path, limit=2)).json()
    second = (await town.api.get(path, limit=2, cursor=first["next"])).json()
    found = [each["taken_at"] for each in first["items"] + second["items"]]
    assert (len(first["items"]), second["next"], len(set(found))) == (2, None, 3)


async def test_a_file_of_many_is_matched_and_dropped(town):
    crowd = [(name, BEGAN) for name, _ in CITIZENS] * 50
    file = instagram_own([*crowd, ("pemprovsumsel", NOW)], owner="empat")
    taken = (await (await desk_of(town, "4")).hand_in(file)).json()
    assert [each["official_account_id"] for each in taken["facts"]] == [town.official["id"]]


async def follows_before(town: Town) -> dict[str, int]:
    """How many of the cohort followed before the campaign, by what growth tells."""
    path = f"/v1/official-accounts/{town.official['id']}/growth"
    growth = (await town.api.get(path, **{"from": (NOW - 9 * DAY).isoformat()})).json()
    return growth["attribution"]["cohort_before"]


async def test_a_file_from_before_its_account_was_declared_shows_the_same_account(town):
    desk = await desk_of(town, "4")
    made_at = NOW - 5 * DAY
    assert desk.account["declared_at"] > made_at.isoformat()
    taken = await desk.hand_in(own("empat", "pemprovsumsel", newest=made_at))
    assert taken.status_code == 201, taken.text
    [follow] = await follows_of(town)
    assert follow.first_seen_at == made_at
    await town.judge()
    assert await town.follow_of("4") == "met:shown_by_employee"


async def test_what_was_shown_of_a_handle_says_nothing_of_a_corrected_one(town):
    desk = await desk_of(town, "4")
    assert (await desk.hand_in(own("empat", "pemprovsumsel"))).status_code == 201
    await town.judge()
    assert await town.follow_of("4") == "met:shown_by_employee"
    before = await follows_before(town)
    assert before["min"] == 1
    town.clock.at += DAY
    account = (await town.api.get(f"/v1/accounts/{desk.account['id']}")).json()
    changed = await town.api.patch(
        f"/v1/accounts/{account['id']}",
        {"account": "empat_lain"},
        etag=f'"{account["version"]}"',
    )
    assert changed.status_code == 200, changed.text
    await town.judge()
    assert await town.follow_of("4") == "unknown:never_checked"
    after = await follows_before(town)
    assert (after["min"], after["max"]) == (0, before["max"])
