"""Reminder plans of campaigns, and the outbox of reminders, which is also their history."""

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.campaigns.models import DutyKind
from app.core.db import Base, TenantRow, closed_set
from app.core.ids import new_id
from app.reminders.rules import Channel, FirstFrom, Recipient, State, Trouble, Withheld


class ReminderPlan(TenantRow, Base):
    """What an officer has decided of one campaign's reminders; it holds from `counts_from` on."""

    __tablename__ = "reminder_plans"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "campaign_id"], ["campaigns.tenant_id", "campaigns.id"]),
        CheckConstraint("cardinality(channels) > 0", name="plans_name_a_channel"),
        CheckConstraint("cardinality(duties) > 0", name="plans_name_a_duty"),
        CheckConstraint(
            "first_after_days >= 0 AND every_days > 0 AND at_most > 0 AND escalate_after > 0",
            name="plans_have_sound_numbers",
        ),
        CheckConstraint("btrim(set_by) <> ''", name="plans_name_the_officer"),
    )

    campaign_id: Mapped[UUID] = mapped_column(primary_key=True)
    enabled: Mapped[bool]
    duties: Mapped[list[str]] = mapped_column(ARRAY(Text))
    channels: Mapped[list[str]] = mapped_column(ARRAY(Text))
    first_from: Mapped[FirstFrom] = mapped_column(closed_set(FirstFrom, "first_from_is_known"))
    first_after_days: Mapped[int]
    every_days: Mapped[int]
    at_most: Mapped[int]
    escalate_after: Mapped[int | None]
    ahead_of_due: Mapped[bool]
    quiet_from: Mapped[time]
    quiet_until: Mapped[time]
    quiet_weekends: Mapped[bool]
    holidays: Mapped[list[date]] = mapped_column(ARRAY(Date))
    language: Mapped[str] = mapped_column(Text)
    counts_from: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class Reminder(TenantRow, Base):
    """One reminder to one person; its text is made when it is sent, and no address stands here.

    `unit_id` is the unit of which a head is told. `slot` is the turn of the plan that it is for.
    """

    __tablename__ = "reminders"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "campaign_id"], ["campaigns.tenant_id", "campaigns.id"]),
        ForeignKeyConstraint(["tenant_id", "employee_id"], ["employees.tenant_id", "employees.id"]),
        ForeignKeyConstraint(["tenant_id", "unit_id"], ["work_units.tenant_id", "work_units.id"]),
        CheckConstraint("(recipient = 'head') = (unit_id IS NOT NULL)", name="digests_name_a_unit"),
        CheckConstraint(
            "recipient = 'employee' OR duty_kind = 'declare'",
            name="heads_are_told_of_declarations_only",
        ),
        CheckConstraint(
            "(state = 'stopped') = (stop_reason IS NOT NULL)", name="stops_have_a_reason"
        ),
        CheckConstraint(
            "(state IN ('planned', 'sending')) = (finished_at IS NULL)",
            name="finished_reminders_are_dated",
        ),
        CheckConstraint(
            "(state = 'sending') = (lease_until IS NOT NULL)", name="sending_is_leased"
        ),
        Index(
            "one_reminder_of_a_number",
            "tenant_id",
            "campaign_id",
            "recipient",
            "employee_id",
            "unit_id",
            "duty_kind",
            "number",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index(
            "one_reminder_waits",
            "tenant_id",
            "campaign_id",
            "recipient",
            "employee_id",
            "unit_id",
            "duty_kind",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where="finished_at IS NULL",
        ),
        Index(
            "ix_reminders_due",
            "tenant_id",
            "next_attempt_at",
            postgresql_where="finished_at IS NULL",
        ),
        Index("ix_reminders_employee", "tenant_id", "employee_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    campaign_id: Mapped[UUID]
    recipient: Mapped[Recipient] = mapped_column(closed_set(Recipient, "recipient_is_known"))
    employee_id: Mapped[UUID]
    unit_id: Mapped[UUID | None]
    duty_kind: Mapped[DutyKind] = mapped_column(closed_set(DutyKind, "reminder_duty_is_known"))
    channel: Mapped[Channel] = mapped_column(closed_set(Channel, "reminder_channel_is_known"))
    number: Mapped[int]
    slot: Mapped[datetime]
    planned_for: Mapped[datetime]
    state: Mapped[State] = mapped_column(closed_set(State, "reminder_state_is_known"))
    stop_reason: Mapped[Withheld | None] = mapped_column(
        closed_set(Withheld, "stop_reason_is_known")
    )
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    next_attempt_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    message_id: Mapped[str | None] = mapped_column(Text)
    last_error: Mapped[Trouble | None] = mapped_column(closed_set(Trouble, "trouble_is_known"))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
