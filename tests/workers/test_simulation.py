"""Days of an invented government under faults, held against the sandbox's truth.

The code is that of `python -m benchmarks.simulation`, which lives through a whole month. More
followers are hidden from lists than the month demands, so that a rule that lets a few through
shows among so few people.
"""

from datetime import timedelta

import pytest

from app.core.clock import SettableClock
from app.platforms.base import Platform
from app.platforms.sandbox.world import Truth
from benchmarks.simulated.life import Life
from benchmarks.simulated.month import BEGINS, live_through
from benchmarks.simulated.people import Plan, invent
from benchmarks.simulated.timeline import Timeline
from migrations import migrate
from tests.conftest import fresh_database

SHORT = Plan(people=80, days=4, hidden=0.12, hours=6, settled_days=2)


async def test_nobody_is_falsely_accused_and_most_are_found(server_url):
    url = await fresh_database(server_url, "simulated")
    await migrate(url)
    outcome = await live_through(SHORT, url)
    assert outcome.false_unmet == ()
    assert outcome.recall.people > 20
    assert outcome.recall.share >= 0.9
    # The demands mean something only if lists were short, answers failed and both verdicts fell.
    certificates = {certificate for _, certificate in outcome.lists}
    assert {"partial", "void"} & certificates
    assert outcome.lists["instagram", "complete"] == outcome.lists["tiktok", "complete"] == 0
    spoilt = sum(each for _, each in outcome.answers.values())
    given = sum(each for each, _ in outcome.answers.values())
    assert 0.02 < spoilt / given < 0.1
    assert outcome.kinds["unmet pair_negative"] > 20
    assert outcome.kinds["met pair_positive"] > 20
    assert outcome.judged > 500


@pytest.fixture
def timeline() -> Timeline:
    return Timeline(SettableClock(BEGINS))


async def test_the_same_seed_lives_through_the_same_month(timeline):
    worlds = []
    for _ in range(2):
        clock = SettableClock(BEGINS)
        government = invent(SHORT, BEGINS)
        truth = Truth(government.world)
        line = Timeline(clock)
        life = Life(SHORT, government, truth, line)
        for day in range(SHORT.days):
            line.at(BEGINS + timedelta(days=day), life.begin_day)
        await line.run(BEGINS + timedelta(days=SHORT.days))
        worlds.append((truth.accounts(), life.moved))
    assert worlds[0] == worlds[1]
    accounts = {(each.platform, each.platform_id) for each in invent(SHORT, BEGINS).world.accounts}
    assert len(worlds[0][0]) > len(accounts)
    assert {each.platform for each in worlds[0][0]} >= {Platform.BLUESKY, Platform.INSTAGRAM}


async def test_things_happen_in_order_of_time(timeline):
    seen: list[tuple[int, str]] = []

    def note(name: str) -> None:
        seen.append(((timeline.clock.at - BEGINS).days, name))

    async def note_later() -> None:
        note("first")
        timeline.at(BEGINS, lambda: note("overdue"))

    timeline.at(BEGINS + timedelta(days=2), lambda: note("second"))
    timeline.at(BEGINS + timedelta(days=1), note_later)
    timeline.at(BEGINS + timedelta(days=9), lambda: note("never"))
    await timeline.run(BEGINS + timedelta(days=3))
    assert seen == [(1, "first"), (1, "overdue"), (2, "second")]
    assert timeline.clock.at == BEGINS + timedelta(days=3)
