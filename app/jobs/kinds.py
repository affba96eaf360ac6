"""Every kind of job, its arguments and its retry; handlers re-read state and can run twice."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol
from uuid import UUID

import orjson


class Job(Protocol):
    """A job's arguments; the class names the kind."""

    kind: ClassVar[str]

    @property
    def key(self) -> str:
        """Jobs with the same key happen once while one of them waits or runs."""
        ...


@dataclass(frozen=True, slots=True)
class EvaluateCampaign:
    """Judge every member of a campaign anew.

    `cause` tells apart what made it necessary: a job that is already running has read older
    facts and must not swallow a newer cause.
    """

    kind: ClassVar[str] = "evaluate_campaign"
    tenant_id: UUID
    campaign_id: UUID
    cause: str

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.campaign_id}:{self.cause}"


@dataclass(frozen=True, slots=True)
class EvaluateTenant:
    """Judge every running campaign of one tenant, after new facts: a list, an import."""

    kind: ClassVar[str] = "evaluate_tenant"
    tenant_id: UUID
    cause: str

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.tenant_id}:{self.cause}"


@dataclass(frozen=True, slots=True)
class EvaluateAll:
    """Judge every running campaign of every tenant, since evidence also grows stale by itself."""

    kind: ClassVar[str] = "evaluate_all"

    @property
    def key(self) -> str:
        return self.kind


@dataclass(frozen=True, slots=True)
class CheckAllAccounts:
    """Queue the checks of declared accounts, for every tenant and platform that can be asked."""

    kind: ClassVar[str] = "check_all_accounts"

    @property
    def key(self) -> str:
        return self.kind


@dataclass(frozen=True, slots=True)
class CheckAccounts:
    """Ask a platform whether a tenant's declared accounts are there, as far as they are due."""

    kind: ClassVar[str] = "check_accounts"
    tenant_id: UUID
    platform: str
    slot: str

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.tenant_id}:{self.platform}"


@dataclass(frozen=True, slots=True)
class CheckAllPairs:
    """Queue the questions about pairs, for every official account whose platform answers them."""

    kind: ClassVar[str] = "check_all_pairs"

    @property
    def key(self) -> str:
        return self.kind


@dataclass(frozen=True, slots=True)
class CheckPairs:
    """Ask who of the running campaigns follows one official account.

    `slot` names the round, in which each pair is answered once. `again_at` tells apart the
    continuations that a platform's wish for patience makes necessary.
    """

    kind: ClassVar[str] = "check_pairs"
    tenant_id: UUID
    official_account_id: UUID
    slot: str
    again_at: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.official_account_id}:{self.slot}:{self.again_at}"


@dataclass(frozen=True, slots=True)
class ReadAllFollowerLists:
    """Queue the reading of follower lists, for every official account whose list can be read."""

    kind: ClassVar[str] = "read_all_follower_lists"

    @property
    def key(self) -> str:
        return self.kind


@dataclass(frozen=True, slots=True)
class ReadFollowerList:
    """Read one official account's follower list from the platform; a slot leaves one list."""

    kind: ClassVar[str] = "read_follower_list"
    tenant_id: UUID
    official_account_id: UUID
    slot: str

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.official_account_id}:{self.slot}"


@dataclass(frozen=True, slots=True)
class PlanAllReminders:
    """Queue the planning of reminders, for every campaign that has a plan."""

    kind: ClassVar[str] = "plan_all_reminders"

    @property
    def key(self) -> str:
        return self.kind


@dataclass(frozen=True, slots=True)
class PlanReminders:
    """Stop the reminders of a campaign whose reason is gone, and plan whose turn it is."""

    kind: ClassVar[str] = "plan_reminders"
    tenant_id: UUID
    campaign_id: UUID
    cause: str

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.campaign_id}:{self.cause}"


@dataclass(frozen=True, slots=True)
class DeliverReminders:
    """Send the reminders of every tenant that are due."""

    kind: ClassVar[str] = "deliver_reminders"

    @property
    def key(self) -> str:
        return self.kind


@dataclass(frozen=True, slots=True)
class Prune:
    """Remove what is no longer needed: queue log rows, old answers, used links, old cron slots."""

    kind: ClassVar[str] = "prune"

    @property
    def key(self) -> str:
        return self.kind


@dataclass(frozen=True, slots=True)
class ApplyRetention:
    """Take away what is kept of people when its time is over."""

    kind: ClassVar[str] = "apply_retention"

    @property
    def key(self) -> str:
        return self.kind


@dataclass(frozen=True, slots=True)
class RefreshTokens:
    """Renew the OAuth tokens that are to be renewed by now, and forget those without an owner."""

    kind: ClassVar[str] = "refresh_tokens"

    @property
    def key(self) -> str:
        return self.kind


@dataclass(frozen=True, slots=True)
class AnchorAudit:
    """Write the ends of all audit chains down outside the database."""

    kind: ClassVar[str] = "anchor_audit"

    @property
    def key(self) -> str:
        return self.kind


@dataclass(frozen=True, slots=True)
class DeliverAllWebhooks:
    """Queue the telling of changes, for every endpoint that has something to be told."""

    kind: ClassVar[str] = "deliver_all_webhooks"

    @property
    def key(self) -> str:
        return self.kind


@dataclass(frozen=True, slots=True)
class DeliverWebhook:
    """Tell one endpoint of changes, one after the other."""

    kind: ClassVar[str] = "deliver_webhook"
    tenant_id: UUID
    endpoint_id: UUID

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.endpoint_id}"


KINDS: dict[str, type[Job]] = {
    kind.kind: kind
    for kind in (
        AnchorAudit,
        ApplyRetention,
        CheckAccounts,
        CheckAllAccounts,
        CheckAllPairs,
        CheckPairs,
        DeliverAllWebhooks,
        DeliverReminders,
        DeliverWebhook,
        EvaluateAll,
        EvaluateCampaign,
        EvaluateTenant,
        PlanAllReminders,
        PlanReminders,
        Prune,
        ReadAllFollowerLists,
        ReadFollowerList,
        RefreshTokens,
    )
}
MAX_ATTEMPTS = 3


def encode(job: Any) -> bytes:
    """A job's arguments as they travel through the queue."""
    # asyncpg gives ids of a subclass of UUID, which orjson writes only through `default`.
    return orjson.dumps(asdict(job), default=str)


def decode(kind: str, payload: bytes | None) -> Job:
    """The job that `encode` wrote."""
    arguments = orjson.loads(payload or b"{}")
    for name in arguments:
        if name.endswith("_id"):
            arguments[name] = UUID(arguments[name])
    return KINDS[kind](**arguments)
