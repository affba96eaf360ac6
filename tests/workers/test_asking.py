"""Asking a platform: the question as a whole has a deadline of its own."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

from app.platforms.base import (
    Adapter,
    Capabilities,
    CountReading,
    Platform,
    PlatformError,
    Target,
    Unavailable,
)
from workers.collect import ASK_WITHIN, LEASE, ask


class Endless(Adapter):
    """A platform that never comes to an end."""

    platform: ClassVar[Platform] = Platform.BLUESKY
    capabilities: ClassVar[Capabilities] = Capabilities(note="", counts=True)

    async def counts(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, CountReading | PlatformError]:
        await asyncio.sleep(60)
        return await super().counts(targets)


async def test_a_whole_question_ends_before_its_lease():
    assert ASK_WITHIN < LEASE
    target = Target("akun.bsky.social")
    outcomes = await ask(Endless(), [target], within=timedelta(milliseconds=50))
    assert type(outcomes[target]) is Unavailable
