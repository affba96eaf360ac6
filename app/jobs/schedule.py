"""The cron table: what the scheduler puts into the queue, and when (Asia/Jakarta)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from apscheduler.triggers.cron import CronTrigger

from app.core.clock import JAKARTA
from app.jobs.kinds import (
    AnchorAudit,
    ApplyRetention,
    CheckAllAccounts,
    CheckAllPairs,
    DeliverAllWebhooks,
    DeliverReminders,
    EvaluateAll,
    Job,
    PlanAllReminders,
    Prune,
    ReadAllFollowerLists,
    RefreshTokens,
)


@dataclass(frozen=True, slots=True)
class CronLine:
    """A name, a five-field cron expression and the job it makes."""

    name: str
    cron: str
    job: Callable[[], Job]

    def next_after(self, moment: datetime) -> datetime:
        """When the line fires next, later than a moment."""
        trigger = CronTrigger.from_crontab(self.cron, timezone=JAKARTA)
        following: datetime = trigger.get_next_fire_time(moment, moment)
        return following.astimezone(UTC)


CHECK_ACCOUNTS = CronLine("check-accounts", "7 * * * *", CheckAllAccounts)
CHECK_PAIRS = CronLine("check-pairs", "37 5,11,17,23 * * *", CheckAllPairs)
READ_FOLLOWER_LISTS = CronLine("read-follower-lists", "12 1 * * *", ReadAllFollowerLists)

SCHEDULE = (
    CronLine("apply-retention", "43 2 * * *", ApplyRetention),
    CronLine("anchor-audit", "3 * * * *", AnchorAudit),
    CHECK_ACCOUNTS,
    CHECK_PAIRS,
    CronLine("deliver-reminders", "*/5 * * * *", DeliverReminders),
    CronLine("deliver-webhooks", "* * * * *", DeliverAllWebhooks),
    CronLine("evaluate-all", "*/15 * * * *", EvaluateAll),
    CronLine("plan-reminders", "4-59/15 * * * *", PlanAllReminders),
    CronLine("prune", "17 2 * * *", Prune),
    READ_FOLLOWER_LISTS,
    CronLine("refresh-tokens", "23 * * * *", RefreshTokens),
)
