"""Comparing verdicts with the sandbox's truth: false accusations, and people rightly found."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from app.platforms.base import Platform
from app.platforms.sandbox.lists import GONE
from app.platforms.sandbox.world import Truth
from benchmarks.simulated.people import HOME, Official
from benchmarks.simulated.registry import Registry

VERDICTS: Final = """
SELECT employee_id, account_id, official_account_id, verdict, reason, evidence_ids
FROM verdicts WHERE tenant_id = :tenant AND official_account_id IS NOT NULL
"""
MOMENTS: Final = """
SELECT id, taken_at AS at FROM follower_lists
WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS uuid[]))
UNION ALL
SELECT id, asked_at FROM pair_answers
WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS uuid[]))
"""
VERIFIED: Final = "SELECT id, verified_at FROM accounts WHERE verified_at IS NOT NULL"
LISTS_APART: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Story:
    """One verdict that the truth contradicts, told in ids and moments only."""

    verdict: str
    reason: str
    employee_id: UUID
    official_account_id: UUID
    platform: Platform
    evidence: Mapping[UUID, datetime]
    follows_now: bool

    def __str__(self) -> str:
        told = ", ".join(f"{key} at {at:%Y-%m-%d %H:%M}Z" for key, at in self.evidence.items())
        return (
            f"false {self.verdict} on {self.platform} ({self.reason}): employee {self.employee_id},"
            f" official account {self.official_account_id}, evidence {told},"
            f" follows now: {'yes' if self.follows_now else 'no'}"
        )


@dataclass(slots=True)
class Recall:
    """Of people who truly do not follow, how many there are and how many were found."""

    people: int = 0
    found: int = 0

    @property
    def share(self) -> float:
        """1 where there is nobody to find."""
        return self.found / self.people if self.people else 1.0


@dataclass(slots=True)
class Judge:
    """Looks at every verdict after each judgement, and remembers those that were false.

    A verdict is held against what was true at its latest evidence: of two lists the later one, of
    answers the one it names. Who is suspended, gone or renamed still follows whom they followed.
    """

    registry: Registry
    truth: Truth
    stories: dict[tuple[Any, ...], Story] = field(default_factory=dict)
    judged: int = 0
    _moments: dict[UUID, datetime] = field(default_factory=dict)

    async def look(self) -> None:
        """Compare all verdicts of now."""
        rows = await self.registry.service.rows(VERDICTS)
        stated = [row for row in rows if row.verdict in {"met", "unmet"}]
        await self._learn_moments(stated)
        self.judged += len(rows)
        for row in stated:
            story = self._contradicted(row)
            if story is not None:
                key = (row.verdict, row.employee_id, row.official_account_id, *row.evidence_ids)
                self.stories.setdefault(key, story)

    def false(self, verdict: str) -> list[Story]:
        """The false verdicts of one kind, each piece of evidence counted once."""
        return [each for each in self.stories.values() if each.verdict == verdict]

    async def _learn_moments(self, rows: Sequence[Any]) -> None:
        named = {each for row in rows for each in row.evidence_ids}
        new = [each for each in named if each not in self._moments]
        for row in await self.registry.service.rows(MOMENTS, ids=new):
            self._moments[row.id] = row.at

    def _contradicted(self, row: Any) -> Story | None:
        account = self.registry.accounts[row.account_id]
        official = self.registry.officials[row.official_account_id]
        evidence = {each: self._moments[each] for each in row.evidence_ids}
        pair = (account.platform, account.platform_id, official.platform_id)
        followed = self.truth.followed_at(*pair, max(evidence.values()))
        if followed is (row.verdict == "met"):
            return None
        return Story(
            row.verdict,
            row.reason,
            row.employee_id,
            row.official_account_id,
            account.platform,
            evidence,
            self.truth.follows(*pair),
        )

    async def kinds(self) -> Counter[str]:
        """How many verdicts there are of each kind and reason now."""
        rows = await self.registry.service.rows(VERDICTS)
        return Counter(f"{row.verdict} {row.reason}" for row in rows)

    async def recall(
        self,
        since: datetime,
        moved: Mapping[tuple[Platform, str], datetime],
        whole_lists: Mapping[tuple[Platform, str], Sequence[datetime]],
    ) -> tuple[dict[Platform, Recall], dict[Platform, Recall]]:
        """Of verifiable people, and of all attested ones, who truly do not follow: by platform.

        Truly not following: at no moment since then, by an account that was verified
        before, is there now and has neither been renamed nor away since. Verifiable: where a
        platform answers about this pair to anybody or to the connected official account (Bluesky,
        X, and Mastodon about accounts of the official account's own server), or where two lists,
        at least 24 hours apart since then, truly held every follower (`whole_lists`, the
        moments by official account). A list that leaves anybody out can prove nobody's absence.
        """
        verified = await self.registry.service.rows(VERIFIED)
        settled = {row.id for row in verified if row.verified_at <= since}
        told: dict[Platform, Recall] = {}
        everyone: dict[Platform, Recall] = {}
        for row in await self.registry.service.rows(VERDICTS):
            official = self.registry.officials[row.official_account_id]
            if row.account_id not in settled or not self._stays_away(row, official, since, moved):
                continue
            account = self.registry.accounts[row.account_id]
            lists = [
                each
                for each in whole_lists.get((official.platform, official.platform_id), ())
                if each > since
            ]
            counted = [everyone]
            if _answers(account.platform, account.handle) or _two_apart(lists):
                counted.append(told)
            for recalls in counted:
                recall = recalls.setdefault(account.platform, Recall())
                recall.people += 1
                recall.found += row.verdict == "unmet"
        return told, everyone

    def _stays_away(
        self,
        row: Any,
        official: Official,
        since: datetime,
        moved: Mapping[tuple[Platform, str], datetime],
    ) -> bool:
        account = self.registry.accounts[row.account_id]
        present = self.truth.by_id(account.platform, account.platform_id)
        if present is None or present.state in GONE:
            return False
        last = moved.get((account.platform, account.platform_id))
        pair = (account.platform, account.platform_id, official.platform_id)
        quiet = last is None or last <= since
        return quiet and not any(self._followed_since(pair, since))

    def _followed_since(self, pair: tuple[Platform, str, str], since: datetime) -> Iterator[bool]:
        now = self.registry.service.timeline.clock.at
        moments = {since, now, *(at for at in self.truth.turns(*pair) if at > since)}
        return (self.truth.followed_at(*pair, each) for each in moments)


def _answers(platform: Platform, handle: str) -> bool:
    """Whether the platform answers the service about this account's follows."""
    if platform is Platform.MASTODON:
        return handle.endswith(f"@{HOME}")
    return platform in {Platform.BLUESKY, Platform.X}


def _two_apart(moments: Sequence[datetime]) -> bool:
    return bool(moments) and max(moments) - min(moments) >= LISTS_APART
