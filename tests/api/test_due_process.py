"""Notice, time to reply, dispute, decision, finding: what the office may do, and when."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import timedelta
from typing import Any

import pytest

from app.core.services import Services
from app.identity.scopes import Scope
from tests.api.exports import export
from tests.api.test_compliance import (
    CITIZENS,
    FIRST,
    LONG_AGO,
    SECOND,
    account,  # noqa: F401
    judge,
    make_campaign,
    registry,  # noqa: F401
    take_lists,
    upload,
    verdicts_of,
)
from tests.api.test_growth import read_count
from tests.api.test_isolation import key_of
from tests.support import NOW, Api, Government

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REPLY_TIME = 72 * HOUR
A_MOMENT = timedelta(microseconds=1)
REASON = {"reason": "Sesuai berkas", "decided_by": "Kepala BKD"}


class Office:
    """A government whose campaign has found employee 3 unmet in both lists."""

    def __init__(self, api: Api, services: Services, government: Government, **rest: Any) -> None:
        self.api, self.services, self.government = api, services, government
        self.people: dict[str, str] = rest["people"]
        self.official: dict[str, Any] = rest["official"]
        self.campaign: dict[str, Any] = rest["campaign"]
        self.clock = rest["clock"]
        self.left = 0

    def about(self, number: str = "3", duty: str = "follow") -> dict[str, Any]:
        return {
            "campaign_id": self.campaign["id"],
            "employee_id": self.people[number],
            "duty": duty,
            "official_account_id": self.official["id"] if duty == "follow" else None,
        }

    async def tell(self, number: str = "3", duty: str = "follow", **fields: Any) -> Any:
        body = {"channel": "letter", "sent_at": self.clock.at.isoformat(), "sent_by": "Sekretaris"}
        return await self.api.post("/v1/notices", {**self.about(number, duty), **body, **fields})

    async def dispute(self, number: str = "3", duty: str = "follow", **fields: Any) -> Any:
        body = {"text": "Saya sudah mengikuti.\nMohon dicek.", "received_by": "Admin OPD"}
        return await self.api.post("/v1/disputes", {**self.about(number, duty), **body, **fields})

    async def decide(self, dispute: dict[str, Any], outcome: str) -> Any:
        path = f"/v1/disputes/{dispute['id']}/decision"
        return await self.api.post(path, {"outcome": outcome, **REASON})

    async def find(self, notice: dict[str, Any]) -> Any:
        return await self.api.post(f"/v1/notices/{notice['id']}/finding", REASON)

    async def look_again(self) -> None:
        """One more complete list without the person, and a citizen fewer than any before."""
        self.left += 1
        followers = [("satu", LONG_AGO), *CITIZENS[: 30 - self.left]]
        await read_count(self.api, self.official, self.clock.at, followers=len(followers))
        content = export(followers)
        answer = await upload(self.api, self.official, content, self.clock.at)
        assert answer.status_code == 201, answer.text
        assert answer.json()["certificate"]["verdict"] == "complete", answer.text

    async def judge(self) -> int:
        return await judge(self.services, self.government, self.campaign)

    async def status(self, number: str = "3", duty: str = "follow") -> str:
        verdict = (await verdicts_of(self.api, self.people[number]))[duty]
        return f"{verdict['verdict']}:{verdict['reason']}"

    async def listed(self, **params: str) -> list[str]:
        path = f"/v1/campaigns/{self.campaign['id']}/employees"
        answer = await self.api.get(path, **params)
        return [each["name"].removeprefix("Pegawai ") for each in answer.json()["items"]]

    async def counts(self) -> dict[str, int]:
        progress = await self.api.get(f"/v1/campaigns/{self.campaign['id']}/progress")
        return next(e["counts"] for e in progress.json()["duties"] if e["duty"] == "follow")


@pytest.fixture
async def office(api, services, government, registry, account, clock) -> Office:
    campaign = await make_campaign(api, account)
    await take_lists(api, account, FIRST, SECOND)
    rest = {"people": registry, "official": account, "campaign": campaign, "clock": clock}
    office = Office(api, services, government, **rest)
    await office.judge()
    return office


ABSENT = "unmet:absent_from_two_complete_lists"


async def test_a_dispute_holds_the_verdict_still_and_out_of_every_list(office):
    assert await office.status() == ABSENT
    assert await office.listed(verdict="unmet", duty="follow") == ["3"]
    filed = await office.dispute()
    assert filed.status_code == 201, filed.text
    assert filed.json()["decision"] is None
    for _ in range(2):
        assert await office.status() == "unknown:disputed"
        assert await office.listed(verdict="unmet", duty="follow") == []
        assert "3" not in await office.listed(duty="follow")
        assert await office.listed(flag="disputed") == ["3"]
        counts = await office.counts()
        assert (counts["unmet"], counts["unknown"], counts["disputed"]) == (0, 2, 1)
        # New lists without the person change nothing while the dispute is open.
        office.clock.at += DAY
        await office.look_again()
        await office.judge()
    verdict = (await verdicts_of(office.api, office.people["3"]))["follow"]
    assert verdict["disputed"] is True
    assert verdict["evidence"]["basis"] == "complete_lists"


async def test_a_dispute_stays_open_when_its_account_is_retired(office):
    filed = (await office.dispute()).json()
    path = f"/v1/employees/{office.people['3']}/accounts"
    [declared] = (await office.api.get(path)).json()["items"]
    await office.api.delete(f"/v1/accounts/{declared['id']}")
    await office.judge()
    assert await office.listed(flag="disputed") == ["3"]
    assert (await office.decide(filed, "dismissed")).status_code == 200
    await office.judge()
    assert "follow" not in await verdicts_of(office.api, office.people["3"])


async def test_a_dismissed_dispute_is_judged_on_and_decided_once(office):
    filed = (await office.dispute()).json()
    decided = await office.decide(filed, "dismissed")
    assert decided.status_code == 200, decided.text
    assert decided.json()["decision"] == {
        "outcome": "dismissed",
        "decided_at": "2026-11-24T03:00:00Z",
        **REASON,
    }
    # Until the verdict is judged anew, nobody stands as unmet.
    assert await office.status() == "unknown:disputed"
    await office.judge()
    assert await office.status() == ABSENT
    for outcome in ("upheld", "dismissed"):
        again = await office.decide(filed, outcome)
        assert again.status_code == 409, again.text
        assert again.json()["type"].endswith("decided-already")
    twice = await office.dispute()
    assert (twice.status_code, twice.json()["type"][-16:]) == (409, "disputed-already")


async def test_what_was_seen_before_an_upheld_dispute_counts_no_more(office):
    filed = (await office.dispute()).json()
    office.clock.at += DAY
    assert (await office.decide(filed, "upheld")).status_code == 200
    await office.judge()
    assert await office.status() == "unknown:dispute_upheld"
    assert await office.listed(flag="disputed") == []
    office.clock.at += DAY
    await office.look_again()
    await office.judge()
    assert await office.status() == "unknown:awaiting_second_list"
    office.clock.at += DAY
    await office.look_again()
    await office.judge()
    assert await office.status() == ABSENT
    # That is another accusation, so it can be disputed again.
    assert (await office.dispute()).status_code == 201


async def test_an_old_notice_serves_no_new_accusation_even_where_judging_came_late(office):
    notice = (await office.tell()).json()
    filed = (await office.dispute()).json()
    await office.decide(filed, "upheld")
    for _ in range(2):
        office.clock.at += 2 * DAY
        await office.look_again()
    await office.judge()
    assert await office.status() == ABSENT
    assert (await office.find(notice)).json()["type"].endswith("nothing-to-decide")


async def test_a_silence_that_an_officer_accepted_is_held_against_nobody(office):
    assert await office.status("7", "declare") == "unmet:undeclared"
    filed = (await office.dispute("7", "declare")).json()
    await office.decide(filed, "upheld")
    await office.judge()
    assert await office.status("7", "declare") == "unknown:dispute_upheld"
    office.clock.at += 10 * DAY
    await office.judge()
    assert await office.status("7", "declare") == "unknown:dispute_upheld"


@pytest.mark.parametrize(
    ("number", "duty"),
    [("1", "follow"), ("4", "follow"), ("8", "follow"), ("6", "follow")],
    ids=["met", "unknown", "excused", "no-verdict"],
)
async def test_only_what_stands_as_unmet_is_told_or_disputed(office, number, duty):
    for answer in (await office.tell(number, duty), await office.dispute(number, duty)):
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("nothing-is-held")


async def test_a_notice_keeps_what_the_person_was_told(office):
    told = await office.tell()
    assert told.status_code == 201, told.text
    notice = told.json()
    evidence = (await verdicts_of(office.api, office.people["3"]))["follow"]["evidence"]
    assert (notice["basis"], notice["evidence_ids"]) == ("complete_lists", evidence["ids"])
    assert notice["reply_until"] == "2026-11-27T03:00:00Z"
    assert (notice["dispute_id"], notice["finding"], notice["extensions"]) == (None, None, [])
    assert (await office.tell()).json()["type"].endswith("told-already")
    filed = (await office.dispute()).json()
    assert filed["notice_id"] == notice["id"]
    read = await office.api.get(f"/v1/notices/{notice['id']}")
    assert read.json()["dispute_id"] == filed["id"]
    assert read.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "away", [timedelta(seconds=1), -DAY], ids=["to-come", "before-the-verdict"]
)
async def test_a_notice_cannot_have_been_sent_at_another_time(office, away):
    told = await office.tell(sent_at=(NOW + away).isoformat())
    assert told.status_code == 422
    assert told.json()["errors"][0]["pointer"] == "/sent_at"


async def test_a_notice_that_was_recorded_late_gives_more_time_and_not_less(office):
    sent_at = office.clock.at
    office.clock.at += 2 * DAY
    notice = (await office.tell(sent_at=sent_at.isoformat())).json()
    assert notice["reply_until"] == "2026-11-29T03:00:00Z"
    office.clock.at = sent_at + REPLY_TIME
    assert (await office.find(notice)).json()["type"].endswith("reply-time-runs")


async def test_a_finding_waits_for_72_hours_exactly(office):
    notice = (await office.tell()).json()
    office.clock.at += REPLY_TIME - A_MOMENT
    early = await office.find(notice)
    assert early.status_code == 409
    assert "2026-11-27T03:00:00" in early.json()["detail"]
    office.clock.at += A_MOMENT
    found = await office.find(notice)
    assert found.status_code == 201, found.text
    finding = found.json()["finding"]
    assert (finding["decided_by"], finding["reason"]) == (REASON["decided_by"], REASON["reason"])
    assert (await office.find(notice)).json()["type"].endswith("nothing-to-decide")


async def test_an_extension_moves_the_end_and_never_back(office):
    notice = (await office.tell()).json()
    path = f"/v1/notices/{notice['id']}/extension"
    more = {"reason": "Dinas luar", "extended_by": "Kepala BKD"}
    for days in (3, 1):
        refused = await office.api.post(
            path, {"reply_until": (NOW + days * DAY).isoformat(), **more}
        )
        assert refused.json()["errors"][0]["pointer"] == "/reply_until"
    longer = await office.api.post(path, {"reply_until": (NOW + 5 * DAY).isoformat(), **more})
    assert longer.status_code == 200, longer.text
    assert longer.json()["reply_until"] == "2026-11-29T03:00:00Z"
    assert longer.json()["extensions"][0]["reason"] == "Dinas luar"
    office.clock.at += REPLY_TIME
    assert (await office.find(notice)).status_code == 409
    office.clock.at = NOW + 5 * DAY
    assert (await office.find(notice)).status_code == 201


async def test_a_reply_is_decided_before_a_finding_and_ends_the_waiting(office):
    notice = (await office.tell()).json()
    office.clock.at += HOUR
    filed = (await office.dispute()).json()
    assert (await office.find(notice)).json()["type"].endswith("still-disputed")
    office.clock.at += REPLY_TIME
    assert (await office.find(notice)).json()["type"].endswith("still-disputed")
    office.clock.at = NOW + 2 * HOUR
    await office.decide(filed, "dismissed")
    assert (await office.find(notice)).json()["type"].endswith("nothing-to-decide")
    await office.judge()
    assert (await office.find(notice)).status_code == 201


async def test_what_is_no_longer_so_cannot_be_found(office):
    notice = (await office.tell()).json()
    office.clock.at += REPLY_TIME
    await office.api.patch(
        f"/v1/campaigns/{office.campaign['id']}", {"stale_after_days": 1}, etag='"1"'
    )
    await office.judge()
    # The lists are old, and so is what confirmed the handle: only somebody's word helps.
    assert await office.status() == "unknown:account_unverified"
    assert (await office.find(notice)).json()["type"].endswith("nothing-to-decide")
    await office.api.patch(
        f"/v1/campaigns/{office.campaign['id']}", {"stale_after_days": 30}, etag='"2"'
    )
    office.clock.at += HOUR
    await office.judge()
    # It is unmet again; of this, the person has not been told.
    assert await office.status() == ABSENT
    assert (await office.find(notice)).json()["type"].endswith("nothing-to-decide")
    assert (await office.tell()).status_code == 201


async def test_the_text_of_a_notice_is_indonesian_and_accuses_nobody(office):
    about = office.about()
    params = {name.removesuffix("_id"): str(value) for name, value in about.items()}
    written = (await office.api.get("/v1/notices/text", **params)).json()
    assert "belum terkonfirmasi" in written["subject"]
    assert "27 November 2026 pukul 10.00 WIB" in written["body"]
    assert "Surat Edaran Gubernur Nomor 555/1/2026" in written["body"]
    assert "Pemprov Sumsel" in written["body"]
    assert "Pegawai 3" not in written["body"]
    assert (await office.api.get("/v1/notices")).json()["items"] == []


async def test_a_repeated_request_is_answered_again(office):
    first = await office.tell()
    body = {**office.about(), "text": "Sudah", "received_by": "Admin"}
    keyed = {"Idempotency_Key": "satu"}
    answers = [await office.api.post("/v1/disputes", body, **keyed) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["notice_id"] == first.json()["id"]


async def test_others_and_units_see_and_decide_only_their_own(office, other_api, http):
    notice = (await office.tell()).json()
    filed = (await office.dispute()).json()
    for path in (f"/v1/notices/{notice['id']}", f"/v1/disputes/{filed['id']}"):
        assert (await office.api.get(path)).status_code == 200
        assert (await other_api.get(path)).status_code == 404
    for path in ("/v1/notices", "/v1/disputes"):
        assert (await other_api.get(path)).json()["items"] == []
    assert (
        await other_api.post(
            f"/v1/disputes/{filed['id']}/decision", {"outcome": "upheld", **REASON}
        )
    ).status_code == 404
    assert (await other_api.post(f"/v1/notices/{notice['id']}/finding", REASON)).status_code == 404
    assert (
        await other_api.post(
            "/v1/notices",
            {**office.about(), "channel": "email", "sent_at": NOW.isoformat(), "sent_by": "A"},
        )
    ).status_code == 404
    units = (await office.api.get("/v1/work-units")).json()["items"]
    tenant = office.government.tenant_id
    for code, sees in (("16.02", True), ("16.01", False)):
        unit = next(each["id"] for each in units if each["code"] == code)
        head = Api(http, await key_of(office.services, tenant, unit=unit))
        assert (await head.get(f"/v1/disputes/{filed['id']}")).status_code == (200 if sees else 404)
        assert len((await head.get("/v1/notices")).json()["items"]) == sees
        refused = await head.post(
            f"/v1/disputes/{filed['id']}/decision", {"outcome": "upheld", **REASON}
        )
        assert refused.status_code == 403
        foreign = await head.post(
            "/v1/disputes", {**office.about(), "text": "A", "received_by": "B"}
        )
        assert foreign.status_code == (409 if sees else 404)
    # Without the scope, a head of unit has no verdicts, no disputes and no notices.
    blind = Api(http, await key_of(office.services, tenant, scopes=[Scope.EMPLOYEES_READ]))
    for path in ("/v1/notices", "/v1/disputes", "/v1/excuses"):
        assert (await blind.get(path)).status_code == 403


async def test_disputes_are_listed_by_what_has_become_of_them(office):
    open_one = (await office.dispute()).json()
    other = (await office.dispute("7", "declare")).json()
    await office.decide(other, "upheld")
    for decided, expected in (("false", open_one), ("true", other)):
        answer = await office.api.get(
            "/v1/disputes", decided=decided, campaign=office.campaign["id"]
        )
        assert [each["id"] for each in answer.json()["items"]] == [expected["id"]]
    mine = await office.api.get("/v1/disputes", employee=office.people["7"])
    assert [each["id"] for each in mine.json()["items"]] == [other["id"]]
