"""The cron table: what the scheduler puts into the queue, and when (Asia/Jakarta)."""

from collections.abc import Callable
from dataclasses import dataclass

from app.jobs.kinds import EvaluateAll, Job, Prune


@dataclass(frozen=True, slots=True)
class CronLine:
    """A name, a five-field cron expression and the job it makes."""

    name: str
    cron: str
    job: Callable[[], Job]


SCHEDULE = (
    CronLine("evaluate-all", "*/15 * * * *", EvaluateAll),
    CronLine("prune", "17 2 * * *", Prune),
)
