"""An election window really stops what concerns persons: checks, lists, verdicts, attribution."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from app.core.clock import jakarta_midnight
from app.jobs.kinds import CheckAccounts
from app.neutrality.models import NeutralityWindow
from app.official_accounts import queries as official_accounts
from app.platforms.base import Platform
from tests.api.exports import export
from tests.api.test_compliance import (
    CITIZENS,
    FIRST,
    SECOND,
    START,
    judge,
    make_campaign,
    registry,  # noqa: F401
    take_lists,
    upload,
)
from tests.api.test_growth import growth_of, official_account, read_count
from tests.support import NOW, Api
from tests.workers.scripts import RUNS, Script, list_of, pairs_of, queued, rows, run

TODAY = date(2026, 11, 24)
GOVERNOR = {"owner_kind": "person", "office_term_start": "2025-02-20"}


def window(first: date, last: date, **fields: Any) -> dict[str, Any]:
    return {
        "starts_on": first.isoformat(),
        "ends_on": last.isoformat(),
        "legal_basis": "UU 10/2016 Pasal 71",
        "document_number": "273/2026",
        **fields,
    }


async def declare(api: Api, first: date, last: date) -> dict[str, Any]:
    answer = await api.post("/v1/neutrality-windows", window(first, last))
    assert answer.status_code == 201, answer.text
    return answer.json()


def around(days: int) -> tuple[date, date]:
    return TODAY - timedelta(days=days), TODAY + timedelta(days=days)


@pytest.fixture
async def governor(api: Api, registry: dict[str, str]) -> dict:
    account = await official_account(api, "gubernursumsel", **GOVERNOR)
    await read_count(api, account, START - timedelta(days=1), followers=41)
    return account


@pytest.fixture
async def office(api: Api, registry: dict[str, str]) -> dict:
    account = await official_account(api)
    await read_count(api, account, START - timedelta(days=1), followers=41)
    return account


async def test_nobody_is_asked_and_no_list_is_read_in_a_window(
    api, services, government, governor, clock
):
    script = Script()
    await make_campaign(api, governor)
    made = await declare(api, *around(1))
    for job in (pairs_of(government, governor), list_of(government, governor)):
        await run(services, script, job)
    assert script.asked == []
    assert await rows(services, government.tenant_id, RUNS) == []
    # The first moment after its last day in Jakarta.
    clock.at = jakarta_midnight(date.fromisoformat(made["ends_on"]) + timedelta(days=1))
    await run(services, script, pairs_of(government, governor, clock.at))
    assert script.asked != []


async def test_a_round_on_its_way_ends_when_the_window_begins(
    api, services, government, governor, clock
):
    script = Script()
    await make_campaign(api, governor)
    await declare(api, TODAY + timedelta(days=1), TODAY + timedelta(days=9))
    clock.at = jakarta_midnight(TODAY + timedelta(days=1)) - timedelta(minutes=1)

    def answer(target: Any) -> Any:
        clock.at = jakarta_midnight(TODAY + timedelta(days=1))
        return usual(target)

    usual, script.following = script.following, answer
    await run(services, script, pairs_of(government, governor, clock.at))
    assert len(script.asked) == script.capabilities.pair_batch


async def test_the_office_beside_the_governor_is_asked_about_as_ever(
    api, services, government, governor, office
):
    script = Script()
    await make_campaign(api, office)
    await declare(api, *around(1))
    await run(services, script, pairs_of(government, office))
    assert script.asked != []


@pytest.mark.parametrize(
    ("beside", "first", "asked"),
    [
        pytest.param(False, -1, False, id="only-the-governor-is-watched-there"),
        pytest.param(True, -1, True, id="an-office-is-watched-too"),
        pytest.param(False, 1, True, id="the-window-is-yet-to-come"),
    ],
)
async def test_no_account_is_checked_for_the_sake_of_a_paused_one(
    api, services, government, governor, beside, first, asked
):
    if beside:
        await official_account(api)
    await declare(api, TODAY + timedelta(days=first), TODAY + timedelta(days=9))
    script = Script()
    await run(services, script, CheckAccounts(government.tenant_id, "instagram", NOW.isoformat()))
    assert (script.asked != []) is asked


async def test_an_export_is_refused_unread_in_a_window(api, governor, office):
    await declare(api, *around(3))
    await read_count(api, governor, SECOND, followers=40)
    refused = await upload(api, governor, export(CITIZENS, owner="gubernursumsel"), SECOND)
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("official-account-paused")
    assert "2026-11-27" in refused.json()["detail"]
    assert (await upload(api, governor, b"%PDF-1.7", SECOND)).status_code == 409
    listed = await api.get(f"/v1/official-accounts/{governor['id']}/follower-lists")
    assert listed.json()["items"] == []
    await read_count(api, office, SECOND, followers=40)
    assert (await upload(api, office, export(CITIZENS), SECOND)).status_code == 201


async def test_an_export_is_refused_after_the_office_term(api, registry):
    ended = {**GOVERNOR, "office_term_end": "2026-11-23"}
    account = await official_account(api, "gubernurlama", **ended)
    refused = await upload(api, account, export(CITIZENS, owner="gubernurlama"), SECOND)
    assert refused.status_code == 409
    assert "office_term_ended" in refused.json()["detail"]


async def both(api: Api, services: Any, government: Any, governor: dict, office: dict) -> dict:
    """A campaign about both accounts in which the office's lists prove something."""
    campaign = await make_campaign(
        api, governor, official_account_ids=[governor["id"], office["id"]]
    )
    await take_lists(api, office, FIRST, SECOND)
    await judge(services, government, campaign)
    return campaign


async def test_no_verdict_is_shown_from_the_first_moment_on(
    api, services, government, registry, governor, office, clock
):
    campaign = await both(api, services, government, governor, office)
    path = f"/v1/campaigns/{campaign['id']}"
    before = (await api.get(f"{path}/recap", by="official_account")).json()
    assert {row["name"] for row in before["items"]} == {"Pemprov Sumsel"}
    assert len(before["items"]) == 2
    assert before["paused"] == []
    await declare(api, TODAY + timedelta(days=1), TODAY + timedelta(days=9))
    clock.at = jakarta_midnight(TODAY + timedelta(days=1)) - timedelta(microseconds=1)
    recap = (await api.get(f"{path}/recap", by="official_account")).json()
    assert (recap["items"], recap["paused"]) == (before["items"], [])
    # Nothing has been judged again: it is not shown although it is still there.
    clock.at += timedelta(microseconds=1)
    recap = (await api.get(f"{path}/recap", by="official_account")).json()
    assert [row["key"] for row in recap["items"]] == [office["id"]]
    assert recap["paused"] == [
        {
            "official_account_id": governor["id"],
            "name": "Pemprov Sumsel",
            "platform": "instagram",
            "reason": "neutrality_window",
            "until": "2026-12-03",
        }
    ]
    for by in ("work_unit", "category", "platform"):
        rows_now = (await api.get(f"{path}/recap", by=by)).json()["items"]
        top = max(row["counts"]["eligible"] for row in rows_now if row["duty"] == "follow")
        assert top <= 6, by
    people = (await api.get(f"{path}/employees", verdict="unknown", duty="follow")).json()
    assert "never_checked" not in {reason for each in people["items"] for reason in each["reasons"]}
    assert [each["official_account_id"] for each in people["paused"]] == [governor["id"]]
    own = (await api.get(f"/v1/employees/{registry['3']}/verdicts")).json()
    follows = [each for each in own["items"] if each["duty"] == "follow"]
    assert [each["official_account_id"] for each in follows] == [office["id"]]
    assert [each["official_account_id"] for each in own["paused"]] == [governor["id"]]


async def test_progress_leaves_the_paused_account_out_and_says_so(
    api, services, government, governor, office
):
    campaign = await both(api, services, government, governor, office)
    path = f"/v1/campaigns/{campaign['id']}/progress"
    before = (await api.get(path)).json()
    await declare(api, *around(2))
    now = (await api.get(path)).json()
    follow = {each["duty"]: each["counts"] for each in now["duties"]}["follow"]
    assert follow["eligible"] == 6
    assert {each["duty"]: each["counts"] for each in before["duties"]}["follow"]["eligible"] == 12
    assert [each["official_account_id"] for each in now["paused_accounts"]] == [governor["id"]]
    paused, open_one = now["official_accounts"]
    assert (paused["attribution"], paused["reachable_gain"]) == (None, None)
    assert paused["paused"]["reason"] == "neutrality_window"
    assert open_one["attribution"] is not None
    assert open_one["paused"] is None


async def test_verdicts_of_a_paused_account_wait_and_are_judged_anew_after_it(
    api, services, government, registry, office, governor, clock
):
    campaign = await both(api, services, government, governor, office)
    stored = "SELECT * FROM verdicts WHERE official_account_id = '{}' ORDER BY id"
    stored = stored.format(governor["id"])
    before = await rows(services, government.tenant_id, stored)
    assert len(before) == 6
    await declare(api, *around(1))
    clock.at = NOW + timedelta(minutes=15)
    await judge(services, government, campaign)
    assert await rows(services, government.tenant_id, stored) == before
    own = (await api.get(f"/v1/employees/{registry['3']}/verdicts")).json()["items"]
    assert governor["id"] not in {each["official_account_id"] for each in own}
    # Who has no account there any more owes nothing after the pause either.
    [declared] = (await api.get(f"/v1/employees/{registry['3']}/accounts")).json()["items"]
    await api.delete(f"/v1/accounts/{declared['id']}")
    await judge(services, government, campaign)
    assert await rows(services, government.tenant_id, stored) == before
    clock.at = NOW + timedelta(days=3)
    await judge(services, government, campaign)
    after = await rows(services, government.tenant_id, stored)
    assert [each.employee_id for each in before if each not in after] == [UUID(registry["3"])]


async def test_counts_are_polled_in_a_window_as_ever(api, services, governor):
    await declare(api, *around(1))
    async with services.database.system() as session:
        claims = await official_accounts.claim_due(
            session, Platform.INSTAGRAM, now=NOW, lease=timedelta(minutes=1), batch=9
        )
    assert [str(each.official_account_id) for each in claims] == [governor["id"]]


async def test_counts_go_on_and_growth_tells_no_employee(api, governor, clock):
    await declare(api, *around(1))
    await read_count(api, governor, NOW - timedelta(hours=1), followers=50)
    asked = await growth_of(api, governor)
    assert asked["gain"] == {"min": 9, "max": 9}
    assert (asked["attribution"], asked["reachable_gain"]) == (None, None)
    # Time alone gives it back.
    clock.at = jakarta_midnight(TODAY + timedelta(days=2))
    assert (await growth_of(api, governor))["attribution"] is not None


async def test_a_window_taken_back_pauses_nobody_and_stays_in_the_list(
    api, services, government, governor
):
    made = await declare(api, *around(1))
    path = f"/v1/neutrality-windows/{made['id']}/withdrawal"
    body = {"officer": "Kepala Biro Hukum", "reason": "Jadwal pemilihan berubah"}
    taken = await api.post(path, body)
    assert taken.status_code == 200, taken.text
    assert taken.json()["withdrawn_by"] == "Kepala Biro Hukum"
    assert (await api.post(path, body)).status_code == 409
    script = Script()
    await make_campaign(api, governor)
    await run(services, script, pairs_of(government, governor))
    assert script.asked != []
    [listed] = (await api.get("/v1/neutrality-windows")).json()["items"]
    assert listed["withdrawn_because"] == "Jadwal pemilihan berubah"
    kinds = await rows(
        services,
        government.tenant_id,
        "SELECT kind FROM changes WHERE kind LIKE 'neutrality%' ORDER BY sequence",
    )
    assert [each.kind for each in kinds] == [
        "neutrality_window:declared",
        "neutrality_window:withdrawn",
    ]
    causes = [job.cause for job, _ in await queued(services, "evaluate_tenant")]
    assert sum(cause.startswith("neutrality_window") for cause in causes) == 2


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        pytest.param(window(TODAY, TODAY - timedelta(days=1)), "/body", id="ends-before-it-starts"),
        pytest.param(
            window(date(2026, 1, 1), TODAY - timedelta(days=1)), "/ends_on", id="in-the-past"
        ),
        pytest.param(window(TODAY, TODAY, legal_basis=" "), "/body/legal_basis", id="no-basis"),
        pytest.param(
            window(TODAY, TODAY, document_number=""), "/body/document_number", id="no-number"
        ),
    ],
)
async def test_windows_that_cannot_stand_are_refused(api, body, pointer):
    refused = await api.post("/v1/neutrality-windows", body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer


async def test_a_window_of_one_government_pauses_no_other(
    api, other_api, services, other_government, governor
):
    await declare(other_api, *around(1))
    assert (await api.get("/v1/neutrality-windows")).json()["items"] == []
    assert (await growth_of(api, governor))["attribution"] is not None
    made = (await other_api.get("/v1/neutrality-windows")).json()["items"][0]
    body = {"officer": "A", "reason": "B"}
    path = f"/v1/neutrality-windows/{made['id']}/withdrawal"
    assert (await api.post(path, body)).status_code == 404


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        pytest.param({"ends_on": date(2026, 1, 1)}, "end_after_they_start", id="order"),
        pytest.param({"legal_basis": " "}, "have_a_legal_basis", id="basis"),
        pytest.param({"withdrawn_by": "A"}, "withdrawals_name_an_officer", id="withdrawal"),
    ],
)
async def test_the_database_refuses_such_windows_too(services, government, fields, constraint):
    good: dict[str, Any] = {
        "starts_on": TODAY,
        "ends_on": TODAY,
        "legal_basis": "UU",
        "document_number": "1",
        "declared_at": datetime(2026, 11, 1, tzinfo=NOW.tzinfo),
        "declared_by": "tests",
    }
    with pytest.raises(IntegrityError, match=constraint):
        async with services.database.transaction(government.tenant_id) as session:
            session.add(NeutralityWindow(tenant_id=government.tenant_id, **{**good, **fields}))
