"""Living through a plan: the world turns, the cron table fires, and every verdict is looked at."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import httpx

from app.core.clock import JAKARTA, SettableClock
from app.jobs.schedule import CHECK_ACCOUNTS, CHECK_PAIRS, READ_FOLLOWER_LISTS, CronLine
from app.platforms.base import Platform
from app.platforms.sandbox.faults import FailureRate, Fault, Faults
from app.platforms.sandbox.server import create_sandbox
from app.platforms.sandbox.world import Hiding, Truth
from benchmarks.simulated.life import Life
from benchmarks.simulated.people import Official, Person, Plan, invent
from benchmarks.simulated.registry import Registry
from benchmarks.simulated.service import SANDBOX, Refused, Service, service_over, settings_of
from benchmarks.simulated.timeline import Timeline
from benchmarks.simulated.verdicts import Judge, Recall, Story

BEGINS: Final = datetime(2026, 11, 1, tzinfo=JAKARTA).astimezone(UTC)
LINES: Final = (CHECK_ACCOUNTS, CHECK_PAIRS, READ_FOLLOWER_LISTS)
DAY: Final = timedelta(days=1)
# The custodian downloads the export in the morning of every other day, and hands it in at noon.
EXPORTED: Final = timedelta(hours=10, minutes=20)
HANDED_IN_AFTER: Final = timedelta(hours=2)
EXPORT_EVERY: Final = 2
ARRIVES: Final = timedelta(hours=8)
REDRAWN_SECONDS: Final = 3_600
EXPORTED_FROM: Final = (Platform.INSTAGRAM, Platform.TIKTOK)
# What takes long or spoils bytes has tests of its own; here is what may leave a plausible lie. An
# answer with another id makes an account contested for good, since only a person ends that.
FAULTS: Final = (
    Fault.SERVER_ERROR,
    Fault.RATE_LIMITED,
    Fault.LOGIN_PAGE,
    Fault.TRUNCATED,
    Fault.WRONG_TYPE,
    Fault.WRONG_TOTAL,
    Fault.GARBAGE_COUNT,
    Fault.SHORT_ANSWER,
    Fault.SHORT_LIST,
    Fault.HIDDEN_LIST,
    Fault.DUPLICATE_PAGES,
    Fault.CURSOR_LOOP,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a plan has come to.

    `answers` are those of the sandbox, given and spoilt; `runs` the poll log by kind, platform and
    outcome; `lists` the kept lists by platform and certificate.
    """

    plan: Plan
    answers: Mapping[Platform, tuple[int, int]]
    runs: Counter[tuple[str, str, str]]
    lists: Counter[tuple[str, str]]
    refused_exports: int
    kinds: Counter[str]
    judged: int
    false_unmet: tuple[Story, ...]
    false_met: tuple[Story, ...]
    verifiable: Mapping[Platform, Recall]
    everyone: Mapping[Platform, Recall]

    @property
    def recall(self) -> Recall:
        """Of all verifiable people who truly do not follow, how many were found."""
        return Recall(
            sum(each.people for each in self.verifiable.values()),
            sum(each.found for each in self.verifiable.values()),
        )


@dataclass(slots=True)
class Month:
    """One simulation on its way."""

    plan: Plan
    people: Sequence[Person]
    service: Service
    registry: Registry
    judge: Judge
    life: Life
    faults: Faults
    wire: httpx.AsyncClient
    each_day: Callable[[int], None]
    refused_exports: int = 0
    whole_lists: defaultdict[tuple[Platform, str], list[datetime]] = field(
        default_factory=lambda: defaultdict(list)
    )

    async def live(self) -> None:
        """From the first day to the last."""
        timeline = self.service.timeline
        ends = BEGINS + self.plan.days * DAY
        for line in LINES:
            timeline.at(line.next_after(BEGINS), partial(self._cron, line))
        timeline.at(BEGINS, self._poll)
        for person in self.people:
            if person.arrives:
                arrives = BEGINS + person.arrives * DAY + ARRIVES
                timeline.at(arrives, partial(self.registry.let_in, person))
        for day in range(self.plan.days):
            timeline.at(BEGINS + day * DAY, self.life.begin_day)
            timeline.at(BEGINS + day * DAY, partial(self.each_day, day))
            if day % EXPORT_EVERY == 0:
                timeline.at(BEGINS + day * DAY + EXPORTED, self._export_all)
        await timeline.run(ends)
        await self._judge()

    async def _cron(self, line: CronLine) -> None:
        following = line.next_after(self.service.timeline.clock.at)
        if line is CHECK_ACCOUNTS:
            following += timedelta(hours=self.plan.hours - 1)
        self.service.timeline.at(following, partial(self._cron, line))
        await self.service.fire(line)
        await self._judge()

    async def _poll(self) -> None:
        following = self.service.timeline.clock.at + timedelta(hours=self.plan.hours)
        self.service.timeline.at(following, self._poll)
        await self.service.poll_counts()

    async def _judge(self) -> None:
        if await self.service.judge():
            await self.judge.look()

    async def _export_all(self) -> None:
        for official_id, official in self.registry.officials.items():
            if official.platform in EXPORTED_FROM:
                await self._export(official_id, official)

    async def _export(self, official_id: UUID, official: Official) -> None:
        """Download an export now; it is handed in later, when counts after it are known too."""
        now = self.service.timeline.clock.at
        spoilt = self.faults.answers[official.platform].spoilt
        answer = await self.wire.get(
            f"/_sandbox/exports/{official.platform}/{official.platform_id}"
        )
        if self.faults.answers[official.platform].spoilt == spoilt and not self.plan.hidden:
            self.whole_lists[official.platform, official.platform_id].append(now)
        self.service.timeline.at(
            now + HANDED_IN_AFTER, partial(self._hand_in, official_id, answer.content, now)
        )

    async def _hand_in(self, official_id: UUID, content: bytes, taken_at: datetime) -> None:
        path = f"/v1/official-accounts/{official_id}/follower-lists"
        try:
            await self.service.upload(path, content, "export.zip", taken_at=taken_at.isoformat())
        except Refused:
            self.refused_exports += 1
        await self.service.work()
        await self._judge()


def _unseen(day: int) -> None:
    """Nobody wants to be told which day it is."""
    del day


async def live_through(
    plan: Plan, database_url: str, *, each_day: Callable[[int], None] = _unseen
) -> Outcome:
    """Simulate a plan on an empty, migrated database; `each_day` is told the days that begin."""
    clock = SettableClock(BEGINS)
    government = invent(plan, BEGINS)
    truth, faults, timeline = Truth(government.world), Faults(), Timeline(clock)
    sandbox = create_sandbox(government.world, clock, faults, truth=truth)
    life = Life(plan, government, truth, timeline)
    for number, official in enumerate(government.officials):
        every = REDRAWN_SECONDS if plan.redrawn else None
        hiding = Hiding(plan.hidden, plan.seed + number, every)
        truth.hide(official.platform, official.platform_id, hiding)
    for platform in Platform:
        faults.fail(FailureRate(platform, plan.failing, FAULTS, plan.seed))
    async with (
        service_over(settings_of(database_url, plan), sandbox, timeline) as service,
        httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url=SANDBOX) as wire,
    ):
        registry = Registry(service)
        await registry.begin(government.people, government.officials)
        judge = Judge(registry, truth)
        month = Month(
            plan, government.people, service, registry, judge, life, faults, wire, each_day
        )
        await month.live()
        return await _outcome(month)


async def _outcome(month: Month) -> Outcome:
    now = month.service.timeline.clock.at
    runs = await month.service.rows(
        "SELECT kind, COALESCE(run.platform, official.platform) AS platform, outcome,"
        " count(*) AS number FROM poll_runs AS run LEFT JOIN official_accounts AS official"
        " ON official.tenant_id = run.tenant_id AND official.id = run.official_account_id"
        " GROUP BY 1, 2, 3"
    )
    lists = await month.service.rows(
        "SELECT platform, certificate, count(*) AS number FROM follower_lists GROUP BY 1, 2"
    )
    since = now - timedelta(days=month.plan.settled_days)
    told, everyone = await month.judge.recall(since, month.life.moved, month.whole_lists)
    return Outcome(
        month.plan,
        {each: (one.given, one.spoilt) for each, one in month.faults.answers.items()},
        Counter({(row.kind, row.platform, row.outcome): row.number for row in runs}),
        Counter({(row.platform, row.certificate): row.number for row in lists}),
        month.refused_exports,
        await month.judge.kinds(),
        month.judge.judged,
        tuple(month.judge.false("unmet")),
        tuple(month.judge.false("met")),
        told,
        everyone,
    )
