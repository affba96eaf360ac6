"""From what a platform says of membership to the verdict of one employee."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.core.services import Services
from app.jobs.kinds import CheckAccounts
from app.platforms import base
from app.platforms.base import ExistenceState, Follower, PairReading, Target
from tests.api.test_compliance import (  # noqa: F401
    account,
    judge,
    make_campaign,
    registry,
    take_lists,
    verdicts_of,
)
from tests.api.test_growth import official_account
from tests.support import NOW, Api, Government
from tests.workers.scripts import Script, here, list_of, pairs_of, queued, run, told
from workers.jobs import run_job

DAY = timedelta(days=1)
ATTESTED = {"method": "attestation", "attested_on": "2026-11-01"}
CITIZENS = [Follower(f"warga-{n}", f"warga{n}") for n in range(40)]


class Town:
    """One government, its registry, and a platform under the test's orders."""

    def __init__(self, api: Api, services: Services, government: Government, **rest: Any) -> None:
        self.api, self.services, self.government = api, services, government
        self.people: dict[str, str] = rest["people"]
        self.official: dict[str, Any] = rest["official"]
        self.clock = rest["clock"]
        self.script = Script()

    async def check(self) -> None:
        job = CheckAccounts(self.government.tenant_id, "instagram", self.clock.at.isoformat())
        await run(self.services, self.script, job)

    async def ask(self) -> None:
        await run(
            self.services, self.script, pairs_of(self.government, self.official, self.clock.at)
        )

    async def read(self, followers: list[Follower], *, count: int | None = None) -> None:
        self.script.count = (len(followers) if count is None else count,)
        self.script.pages = (followers,)
        await run(
            self.services, self.script, list_of(self.government, self.official, self.clock.at)
        )

    async def judge(self) -> None:
        """What the last of these runs has queued, as a worker carries it out."""
        job, _ = (await queued(self.services, "evaluate_tenant"))[-1]
        await run(self.services, self.script, job)

    async def follow_of(self, number: str) -> str:
        verdict = (await verdicts_of(self.api, self.people[number]))["follow"]
        return f"{verdict['verdict']}:{verdict['reason']}"


@pytest.fixture
async def town(api, services, government, registry, account, clock) -> Town:  # noqa: F811
    await make_campaign(api, account)
    return Town(api, services, government, people=registry, official=account, clock=clock)


def by_handle(**outcomes: Any) -> Any:
    """Outcomes of some accounts; of all others the platform is silent for now."""
    return lambda target: outcomes.get(target.handle, base.Unavailable("503"))


async def test_answers_about_pairs_become_verdicts_with_their_evidence(town):
    town.script.following = by_handle(
        satu=PairReading(True, "script"),
        tiga=PairReading(False, "script"),
        empat=PairReading(False, "script"),
        dua=PairReading(False, "script", blocked=True),
        delapan=base.AccountGone(),
    )
    town.clock.at += DAY
    await town.ask()
    await town.judge()
    assert {number: await town.follow_of(number) for number in ("1", "2", "3", "4", "5", "8")} == {
        "1": "met:pair_positive",
        "2": "unknown:blocked",
        "3": "unmet:pair_negative",
        "4": "unknown:account_unverified",
        "5": "unknown:account_contested",
        "8": "unknown:platform_cannot_tell",
    }
    evidence = (await verdicts_of(town.api, town.people["3"]))["follow"]["evidence"]
    assert evidence["basis"] == "pair_answer"
    [answer] = evidence["pairs"]
    assert [answer["id"]] == evidence["ids"]
    assert (answer["answer"], answer["source"]) == ("does_not_follow", "script")
    assert datetime.fromisoformat(answer["asked_at"]) == NOW + DAY


async def test_what_a_platform_does_not_answer_stays_unknown(town):
    town.script.following = by_handle()
    await town.ask()
    await run_job(town.services, "evaluate_all", b"{}", 0)
    for number in ("1", "2", "3", "4", "8"):
        assert await town.follow_of(number) == "unknown:never_checked"


async def test_a_later_yes_ends_an_earlier_no(town):
    for follows, expected in ((False, "unmet:pair_negative"), (True, "met:pair_positive")):
        town.clock.at += DAY
        town.script.following = lambda _, follows=follows: PairReading(follows, "script")
        await town.ask()
        await town.judge()
        assert await town.follow_of("3") == expected


def seen_as(handle: str, existence: base.Existence) -> Any:
    """What a platform tells of one account, while all others are there."""
    return lambda target: existence if target.handle == handle else here()


GONE = [
    pytest.param(ExistenceState.MISSING, 1, id="missing-once"),
    pytest.param(ExistenceState.MISSING, 3, id="missing"),
    pytest.param(ExistenceState.SUSPENDED, 1, id="suspended"),
    pytest.param(ExistenceState.DEACTIVATED, 1, id="deactivated"),
]


@pytest.mark.parametrize(("state", "checks"), GONE)
async def test_nobody_is_accused_by_an_account_that_cannot_be_seen(town, state, checks):
    town.clock.at += DAY
    town.script.following = lambda _: PairReading(False, "script")
    await town.ask()
    await town.judge()
    assert await town.follow_of("3") == "unmet:pair_negative"
    town.script.existing = seen_as("tiga", told(state))
    for _ in range(checks):
        await town.check()
        town.clock.at += DAY
    asked = len(town.script.asked)
    await town.ask()
    assert "tiga" not in {each.handle for each in town.script.asked[asked:]}
    await run_job(town.services, "evaluate_all", b"{}", 0)
    assert await town.follow_of("3") == "unknown:account_unverified"


async def test_a_no_from_while_it_could_not_be_seen_is_none_when_it_is_back(town):
    town.script.existing = seen_as("tiga", told(ExistenceState.SUSPENDED))
    town.script.following = lambda _: PairReading(False, "script")
    town.clock.at += DAY
    # It was asked about before a check noticed that it had been taken down.
    await town.ask()
    await town.check()
    town.clock.at += DAY
    town.script.existing = seen_as("tiga", here())
    await town.check()
    await run_job(town.services, "evaluate_all", b"{}", 0)
    assert await town.follow_of("3") == "unknown:account_unverified"
    town.clock.at += DAY
    await town.ask()
    await town.judge()
    assert await town.follow_of("3") == "unmet:pair_negative"


async def test_a_renamed_account_is_judged_by_what_is_seen_under_its_new_name(town):
    town.script.existing = seen_as("tiga", here("id-tiga", "tiga"))
    await town.check()
    town.clock.at += DAY
    town.script.following = lambda _: PairReading(False, "script")
    await town.ask()
    town.script.existing = lambda target: (
        here("id-tiga", "tiga_baru") if target.platform_id == "id-tiga" else here()
    )
    await town.check()
    await run_job(town.services, "evaluate_all", b"{}", 0)
    assert await town.follow_of("3") == "unknown:account_unverified"
    town.clock.at += DAY
    await town.check()
    await run_job(town.services, "evaluate_all", b"{}", 0)
    assert await town.follow_of("3") == "unknown:account_unverified"
    await town.ask()
    assert Target("tiga_baru", "id-tiga") in town.script.asked
    town.clock.at += DAY
    await town.ask()
    await town.judge()
    assert await town.follow_of("3") == "unmet:pair_negative"


async def test_a_handle_with_a_new_owner_accuses_nobody(town):
    town.script.existing = seen_as("tiga", here("id-tiga", "tiga"))
    await town.check()
    town.clock.at += DAY
    town.script.following = lambda _: PairReading(False, "script")
    await town.ask()
    await town.judge()
    assert await town.follow_of("3") == "unmet:pair_negative"
    town.script.existing = seen_as("tiga", here("id-lain", "tiga"))
    await town.check()
    await town.judge()
    assert await town.follow_of("3") == "unknown:account_contested"


async def test_a_known_account_that_is_no_longer_recognised_accuses_nobody(town):
    town.script.existing = seen_as("tiga", here("id-tiga", "tiga"))
    await town.check()
    town.clock.at += DAY
    town.script.following = lambda _: PairReading(False, "script")
    await town.ask()
    await town.judge()
    assert await town.follow_of("3") == "unmet:pair_negative"
    # Adapters say so where another id answers to the handle: it was renamed, or changed hands.
    town.script.existing = seen_as("tiga", told(ExistenceState.AMBIGUOUS))
    await town.check()
    await run_job(town.services, "evaluate_all", b"{}", 0)
    assert await town.follow_of("3") == "unknown:account_unverified"


@pytest.mark.parametrize(
    ("state", "platform_id"),
    [
        pytest.param(ExistenceState.AMBIGUOUS, None, id="never-recognised"),
        pytest.param(ExistenceState.BLOCKED, "id-tiga", id="a-sign-in-page"),
    ],
)
async def test_what_says_nothing_of_the_account_leaves_its_verdict(town, state, platform_id):
    town.script.existing = seen_as("tiga", here(platform_id))
    await town.check()
    town.clock.at += DAY
    town.script.following = lambda _: PairReading(False, "script")
    await town.ask()
    town.script.existing = seen_as("tiga", told(state))
    await town.check()
    await run_job(town.services, "evaluate_all", b"{}", 0)
    assert await town.follow_of("3") == "unmet:pair_negative"


async def test_nobody_owes_a_follow_to_a_person_whose_office_term_has_ended(
    town, api, services, government
):
    town.official = await official_account(
        api,
        "gubernur",
        owner_kind="person",
        office_term_start="2024-01-01",
        office_term_end="2026-11-25",
    )
    await make_campaign(api, town.official, title="Ikuti gubernur")
    town.script.following = lambda _: PairReading(False, "script")
    town.clock.at += DAY
    await town.ask()
    for owed in (True, False):
        await run_job(services, "evaluate_all", b"{}", 0)
        told = (await api.get(f"/v1/employees/{town.people['3']}/verdicts")).json()["items"]
        owners = {each["official_account_id"] for each in told if each["duty"] == "follow"}
        assert (town.official["id"] in owners) is owed
        town.clock.at += DAY


async def learn_ids(town: Town) -> None:
    town.script.existing = lambda target: here(f"id-{target.handle}")
    await town.check()
    await town.check()


async def test_two_read_lists_prove_presence_and_absence(town, connection):
    await learn_ids(town)
    for days in (1, 2):
        town.clock.at = NOW + days * DAY
        await town.read([*CITIZENS, Follower("id-satu", "nama_lain")])
        await town.judge()
        awaited = "unknown:awaiting_second_list"
        assert await town.follow_of("1") == "met:seen_in_list"
        assert await town.follow_of("3") == (
            awaited if days == 1 else "unmet:absent_from_two_complete_lists"
        )
    assert await town.follow_of("4") == "unknown:account_unverified"
    evidence = (await verdicts_of(town.api, town.people["3"]))["follow"]["evidence"]
    assert [each["source"] for each in evidence["lists"]] == ["platform_list"] * 2
    await connection.execute(text("SELECT set_config('role', 'none', true)"))
    tables = await connection.scalars(
        text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    )
    for name in tables.all():
        found = await connection.scalars(text(f'SELECT CAST(t AS text) FROM "{name}" AS t'))  # noqa: S608
        assert not any("warga" in row or "nama_lain" in row for row in found), name


async def test_absence_needs_an_id_that_was_known_when_the_list_was_read(town):
    for days in (1, 2):
        town.clock.at = NOW + days * DAY
        await town.read([*CITIZENS, Follower("id-satu", "satu")])
    await town.judge()
    assert await town.follow_of("1") == "met:seen_in_list"
    assert await town.follow_of("3") == "unknown:never_checked"
    await learn_ids(town)
    await run_job(town.services, "evaluate_all", b"{}", 0)
    assert await town.follow_of("3") == "unknown:never_checked"


async def test_growth_takes_nobody_for_absent_whom_the_lists_could_not_hold(town, api):
    for days in (1, 2):
        town.clock.at = NOW + days * DAY
        await town.read([*CITIZENS, Follower("id-satu", "satu")])
    [campaign] = (await api.get("/v1/campaigns")).json()["items"]
    progress = (await api.get(f"/v1/campaigns/{campaign['id']}/progress")).json()
    # One follows since some time; of 2, 3, 4 and 8 no list has told anything.
    assert progress["attribution"]["cohort_new"] == {"min": 0, "max": 5}
    assert progress["attribution"]["cohort_before"] == {"min": 0, "max": 5}


async def test_lists_that_break_off_or_fall_short_accuse_nobody(town):
    await learn_ids(town)
    for days, count in ((1, 42), (2, 42)):
        town.clock.at = NOW + days * DAY
        await town.read([*CITIZENS, Follower("id-satu", "satu")], count=count)
    await town.judge()
    assert await town.follow_of("1") == "met:seen_in_list"
    assert await town.follow_of("3") == "unknown:list_partial"


async def test_a_list_says_nothing_of_an_account_that_was_declared_after_it(
    town, services, government, api
):
    town.clock.at += DAY
    await take_lists(api, town.official, NOW - 3 * DAY, NOW - DAY)
    await run_job(services, "evaluate_all", b"{}", 0)
    assert await town.follow_of("3") == "unmet:absent_from_two_complete_lists"
    [found] = (await api.get(f"/v1/employees/{town.people['3']}/accounts")).json()["items"]
    etag = (await api.get(f"/v1/accounts/{found['id']}")).headers["etag"]
    town.clock.at += DAY
    await api.patch(f"/v1/accounts/{found['id']}", {"account": "tiga.benar"}, etag=etag)
    await api.post(f"/v1/accounts/{found['id']}/verification", ATTESTED)
    await run_job(services, "evaluate_all", b"{}", 0)
    assert await town.follow_of("3") == "unknown:never_checked"


async def test_the_poll_log_holds_every_kind_of_run_and_when_it_is_due_again(town):
    await town.check()
    await town.ask()
    await town.read([*CITIZENS, Follower("id-satu", "satu")])
    for kind, official in (("existence", None), ("pairs", 1), ("list", 1)):
        [found] = (await town.api.get("/v1/polls", kind=kind)).json()["items"]
        assert found["kind"] == kind
        assert found["platform"] == "instagram"
        assert found["official_account_id"] == (town.official["id"] if official else None)
        assert datetime.fromisoformat(found["next_due"]) > town.clock.at
    every = (await town.api.get("/v1/polls")).json()["items"]
    assert {each["kind"] for each in every} == {"existence", "pairs", "list"}
    ours = await town.api.get("/v1/polls", official_account=town.official["id"])
    assert {each["kind"] for each in ours.json()["items"]} == {"pairs", "list"}
    assert (await town.api.get("/v1/polls", kind="count")).json()["items"] == []
    assert (await town.api.get("/v1/polls", kind="gossip")).status_code == 422


async def test_checks_and_answers_cannot_be_rewritten_nor_seen_from_elsewhere(
    town, connection, services, other_government, other_api
):
    await town.check()
    await town.ask()
    [theirs] = (await town.api.get(f"/v1/employees/{town.people['1']}/accounts")).json()["items"]
    path = f"/v1/accounts/{theirs['id']}/checks"
    assert (await town.api.get(path)).status_code == 200
    assert (await other_api.get(path)).status_code == 404
    for name in ("account_checks", "account_handles", "pair_answers"):
        async with services.database.transaction(other_government.tenant_id) as session:
            assert await session.scalar(text(f"SELECT count(*) FROM {name}")) == 0  # noqa: S608
    await connection.execute(text("SELECT set_config('role', 'simedsos_app', true)"))
    for name in ("account_checks", "account_handles", "pair_answers"):
        for right in ("UPDATE", "DELETE"):
            allowed = text(f"SELECT has_table_privilege('{name}', '{right}')")
            assert await connection.scalar(allowed) is False, (name, right)


async def test_an_answer_about_a_name_says_nothing_of_the_one_that_took_its_place(town):
    town.clock.at += DAY
    held = await town.api.get(f"/v1/employees/{town.people['3']}/accounts")
    path = f"/v1/accounts/{held.json()['items'][0]['id']}"

    class Slow(Script):
        async def follows(self, official: Target, others: Any) -> Any:
            answers = await super().follows(official, others)
            if all(each.handle != "tiga" for each in others):
                return answers
            town.clock.at += DAY
            found = await town.api.get(path)
            await town.api.patch(path, {"account": "benar"}, etag=found.headers["etag"])
            assert (await town.api.post(f"{path}/verification", ATTESTED)).status_code == 200
            return answers

    town.script = Slow()
    town.script.following = lambda _: PairReading(False, "script")
    await town.ask()
    await town.judge()
    assert await town.follow_of("3") == "unknown:never_checked"
