"""What the API says of webhooks: never a secret but once, to whom it is given."""

from datetime import datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from app.changes.kinds import ChangeKind
from app.core.schemas import Edit, In, Moment, Out, Text
from app.webhooks.rules import DeliveryState, DeliveryTrouble, Disabled

Url = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Kinds = Annotated[
    list[ChangeKind],
    Field(max_length=100, description="Only these kinds; none: every kind the feed tells of"),
]


class EndpointIn(In):
    """An endpoint: changes from now on are posted to it."""

    name: Text
    url: Url
    kinds: Annotated[Kinds, Field(default_factory=list)]


class EndpointEdit(Edit):
    """A change of an endpoint; `enabled` again, it goes on where it stood."""

    never_null: ClassVar[frozenset[str]] = frozenset({"name", "url", "kinds", "enabled"})

    name: Text | None = None
    url: Url | None = None
    kinds: Kinds | None = None
    enabled: bool | None = None


class SecretIn(In):
    """The exchange of a secret: both sign until the old one ends."""

    old_ends_at: Annotated[
        Moment | None,
        Field(description="In 24 hours if left out, at most 30 days ahead; now: at once"),
    ] = None


class RedeliveryIn(In):
    """Which messages to send again: some by their ids, or all that were given up since a moment."""

    delivery_ids: Annotated[list[UUID] | None, Field(min_length=1, max_length=200)] = None
    dead_since: Moment | None = None

    @model_validator(mode="after")
    def one_of_both(self) -> Self:
        if (self.delivery_ids is None) == (self.dead_since is None):
            message = "name either delivery_ids or dead_since"
            raise ValueError(message)
        return self


class RedeliveryOut(Out):
    """How many messages wait to be sent again."""

    restarted: int


class EndpointOut(Out):
    """An endpoint without its secret."""

    id: UUID
    name: str
    url: str
    kinds: list[str]
    enabled: bool
    disabled: Annotated[
        Disabled | None,
        Field(description="By an officer, by its own 410, or since a backup was restored"),
    ]
    waiting: Annotated[int, Field(description="Messages lined up and not taken yet")]
    old_secret_ends_at: datetime | None
    created_at: datetime
    version: int


class EndpointMade(EndpointOut):
    """An endpoint with a new secret, which nobody can read again."""

    secret: str


class DeliveryOut(Out):
    """One message and what became of it; `id` is the `webhook-id` of every attempt."""

    id: UUID
    kind: ChangeKind
    subject_id: UUID
    at: datetime
    state: DeliveryState
    attempts: int
    first_attempt_at: datetime | None
    last_attempt_at: datetime | None
    next_attempt_at: Annotated[datetime | None, Field(description="null once it is finished")]
    status: Annotated[int | None, Field(description="HTTP status of the last answer, if any")]
    trouble: DeliveryTrouble | None
    finished_at: datetime | None
