"""What stays stored from one evaluation to the next is as good a proof as what is found anew."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.accounts.rules import AccountState
from app.compliance import service as compliance
from app.compliance.rules import Basis, Finding, Reason, Verdict
from app.employees.rules import Declaration, Standing
from app.observations.rules import CertificateVerdict, PairAnswer
from app.platforms.base import Platform
from tests.compliance.histories import (
    BEGIN,
    STEPS,
    AList,
    AnAccount,
    Answer,
    Official,
    Person,
    World,
    at,
    worlds,
)
from tests.compliance.reference import Row, evidence_of, judged, weighed
from tests.compliance.writing import CAMPAIGN, write

PEOPLE, CAMPAIGNS = 10, 60
STALE_AFTER = 8
DAY = timedelta(days=1)
HELD = text("SELECT * FROM verdicts WHERE campaign_id = :campaign_id")


async def evaluated(services, tenant_id: UUID, moments: Sequence[datetime]) -> list[Row]:
    """The rows that are stored after evaluations at each of the moments."""
    async with services.database.transaction(tenant_id) as session:
        for moment in moments:
            await compliance.evaluate(session, tenant_id, CAMPAIGN, now=moment)
        rows = (await session.execute(HELD, {"campaign_id": CAMPAIGN})).all()
    return [
        Row(
            row.employee_id,
            row.duty_id,
            row.duty_kind,
            row.official_account_id,
            row.account_id,
            row.verdict,
            row.reason,
            row.basis,
            tuple(row.evidence_ids),
            row.excuse,
        )
        for row in rows
    ]


def assert_still_proves(world: World, row: Row) -> None:
    """The list that is told is young, and without all that came later the rules tell it, too."""
    person = next(each for each in world.people if each.id == row.employee_id)
    account = next(each for each in person.accounts if each.id == row.account_id)
    official = next(each for each in world.officials if each.id == row.official_account_id)
    evidence = evidence_of(world, person, account, official)
    told = next(look for look in evidence.lists if (look.list_id,) == row.evidence_ids)
    moment = min(world.now, world.ends_at)
    assert told.taken_at >= moment - timedelta(days=world.stale_after_days) / 2
    for look in evidence.lists:
        if look.taken_at > told.taken_at and look.taken_at <= moment:
            assert look.present or look.verdict == CertificateVerdict.VOID
    for pair in evidence.pairs:
        if pair.asked_at > told.taken_at and pair.asked_at <= moment:
            assert pair.answer in {PairAnswer.FOLLOWS, PairAnswer.NOT_TOLD}
    last = (told.taken_at, told.list_id)
    earlier = replace(
        evidence,
        lists=tuple(each for each in evidence.lists if (each.taken_at, each.list_id) <= last),
        pairs=tuple(each for each in evidence.pairs if (each.asked_at, each.id) <= last),
    )
    assert weighed(world, earlier) == Finding(
        Verdict.MET, Reason.SEEN_IN_LIST, Basis.FOLLOWER_LIST, row.evidence_ids
    )


@settings(
    max_examples=CAMPAIGNS,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(world=worlds(PEOPLE), steps=st.lists(st.integers(0, 2 * STEPS), min_size=1, max_size=3))
async def test_what_was_stored_before_proves_what_the_rules_say(
    services, government, connection, world: World, steps: list[int]
):
    moments = [*sorted(moment for moment in map(at, steps) if moment < world.now), world.now]
    start = await connection.begin_nested()
    try:
        await write(connection, government.tenant_id, world)
        rows = await evaluated(services, government.tenant_id, moments)
    finally:
        await start.rollback()
    wanted = {(row.employee_id, row.duty_id, row.official_account_id): row for row in judged(world)}
    assert len(rows) == len(wanted)
    for row in rows:
        found = wanted[(row.employee_id, row.duty_id, row.official_account_id)]
        assert replace(row, evidence_ids=found.evidence_ids) == found
        if row.evidence_ids != found.evidence_ids:
            assert_still_proves(world, row)


# Each list is a day after the one before: whether it shows the follower.
@pytest.mark.parametrize(
    ("shown", "denied_on", "wanted"),
    [
        pytest.param([True, True], None, 0, id="one more list that shows it is no news"),
        pytest.param([True, True, False, True], None, 3, id="renewed after an absence"),
        pytest.param([True, True], 0, 1, id="renewed after a denial"),
        pytest.param([True] * 5, None, 0, id="half its time is not over"),
        pytest.param([True] * 6, None, 5, id="renewed after half its time"),
        pytest.param([True, None], None, 0, id="a void list says nothing"),
    ],
)
async def test_a_list_that_is_told_stays_until_something_speaks_against_it(
    services,
    government,
    connection,
    shown: list[bool | None],
    denied_on: int | None,
    wanted: int,
):
    world = followed(shown, denied_on)
    lists = world.officials[0].lists
    await write(connection, government.tenant_id, world)
    moments = [lists[0].taken_at, lists[-1].taken_at]
    rows = await evaluated(services, government.tenant_id, moments)
    told = next(row for row in rows if row.duty_kind == "follow")
    assert (told.verdict, told.reason) == ("met", "seen_in_list")
    assert told.evidence_ids == (lists[wanted].id,)


def followed(shown: Sequence[bool | None], denied_on: int | None) -> World:
    """One person and one official account with a list a day; None stands for a void one."""
    official = Official(UUID(int=0x600), Platform.INSTAGRAM, tuple(
        AList(
            UUID(int=0x700 + number), BEGIN + number * DAY, BEGIN + number * DAY,
            CertificateVerdict.VOID if present is None else CertificateVerdict.COMPLETE,
            "owner_export",
        )
        for number, present in enumerate(shown)
    ))  # fmt: skip
    denial = () if denied_on is None else (
        Answer(
            UUID(int=0x800), BEGIN + denied_on * DAY + DAY / 2, PairAnswer.DOES_NOT_FOLLOW,
            "platform_pair", BEGIN + denied_on * DAY + DAY / 2,
        ),
    )  # fmt: skip
    account = AnAccount(
        UUID(int=0x500), Platform.INSTAGRAM, AccountState.VERIFIED, BEGIN - DAY, BEGIN - DAY,
        None, None, None, (), "1", BEGIN - DAY,
        {official.id: tuple(
            (each.taken_at, each.taken_at)
            for each, present in zip(official.lists, shown, strict=True) if present
        )},
        {official.id: denial},
    )  # fmt: skip
    person = Person(
        UUID(int=0x400), Standing.ACTIVE, Declaration.DECLARED, date(2026, 4, 1), False, None,
        (account,), (), (), (), (),
    )  # fmt: skip
    return World(
        official.lists[-1].taken_at, BEGIN - DAY, BEGIN + 30 * DAY, 0, STALE_AFTER,
        (), False, (), (official,), (person,),
    )  # fmt: skip
