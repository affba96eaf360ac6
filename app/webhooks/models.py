"""Endpoints of other systems, each standing at a place of the change feed, and their messages."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, TenantRow, closed_set
from app.core.ids import new_id
from app.webhooks.rules import DeliveryState, DeliveryTrouble, Disabled

SECRET = "webhook_endpoints.secret"  # noqa: S105 - The name of a column, and no secret.
OLD_SECRET = "webhook_endpoints.old_secret"  # noqa: S105 - The same.


class WebhookEndpoint(TenantRow, Base):
    """Where changes are told, from which place of the feed on, and by which secrets signed.

    `position_…` is the last change that was lined up for it; `claim` names the worker that sends
    now, until `busy_until`.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        CheckConstraint("btrim(name) <> ''", name="endpoints_have_a_name"),
        CheckConstraint(
            "(old_secret IS NULL) = (old_secret_ends_at IS NULL)", name="old_secrets_end"
        ),
        CheckConstraint("(claim IS NULL) = (busy_until IS NULL)", name="endpoint_claims_end"),
        Index("ix_webhook_endpoints_key", "tenant_id", "key_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text))
    disabled: Mapped[Disabled | None] = mapped_column(
        closed_set(Disabled, "endpoint_disabling_is_known")
    )
    key_id: Mapped[str] = mapped_column(Text)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    old_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    old_secret_ends_at: Mapped[datetime | None]
    position_transaction: Mapped[int] = mapped_column(BigInteger)
    position_sequence: Mapped[int] = mapped_column(BigInteger)
    claim: Mapped[UUID | None]
    busy_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class WebhookDelivery(TenantRow, Base):
    """One change for one endpoint, and what became of it; its id is the `webhook-id`."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "endpoint_id"],
            ["webhook_endpoints.tenant_id", "webhook_endpoints.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint(
            "tenant_id", "endpoint_id", "transaction", "sequence", name="one_message_each_change"
        ),
        CheckConstraint(
            "(state = 'waiting') = (finished_at IS NULL)", name="finished_messages_have_an_end"
        ),
        CheckConstraint(
            "(attempts = 0) = (first_attempt_at IS NULL)", name="attempts_have_a_beginning"
        ),
        Index(
            "ix_webhook_deliveries_waiting",
            "tenant_id",
            "endpoint_id",
            "transaction",
            "sequence",
            postgresql_where="state = 'waiting'",
        ),
        Index("ix_webhook_deliveries_finished", "tenant_id", "finished_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    endpoint_id: Mapped[UUID]
    transaction: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID]
    at: Mapped[datetime]
    state: Mapped[DeliveryState] = mapped_column(
        closed_set(DeliveryState, "delivery_state_is_known")
    )
    attempts: Mapped[int] = mapped_column(default=0)
    first_attempt_at: Mapped[datetime | None]
    last_attempt_at: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime]
    status: Mapped[int | None] = mapped_column(Integer)
    trouble: Mapped[DeliveryTrouble | None] = mapped_column(
        closed_set(DeliveryTrouble, "delivery_trouble_is_known")
    )
    finished_at: Mapped[datetime | None]
