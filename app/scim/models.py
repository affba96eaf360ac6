"""What identity providers call employees and work units, where it is not what the registry does."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, TenantRow

USER_NAME = "scim_users.user_name"
EXTERNAL_ID = "scim_users.external_id"


class ScimUser(TenantRow, Base):
    """The names of an employee at their provider, sealed, since either may be a NIP or an address.

    Who was deleted over SCIM keeps an empty row, and is no User until they are created again.
    """

    __tablename__ = "scim_users"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "employee_id"], ["employees.tenant_id", "employees.id"]),
        CheckConstraint(
            "(user_name IS NULL) = (user_name_hash IS NULL)", name="scim_user_names_are_hashed"
        ),
        CheckConstraint(
            "(external_id IS NULL) = (external_id_hash IS NULL)", name="scim_ids_are_hashed"
        ),
        Index("one_scim_user_per_name", "tenant_id", "user_name_hash", unique=True),
        Index("one_scim_user_per_external_id", "tenant_id", "external_id_hash", unique=True),
        Index("ix_scim_users_key", "tenant_id", "key_id"),
    )

    employee_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_name_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    user_name: Mapped[bytes | None] = mapped_column(LargeBinary)
    external_id_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    external_id: Mapped[bytes | None] = mapped_column(LargeBinary)
    key_id: Mapped[str] = mapped_column(Text)
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it.


class ScimGroup(TenantRow, Base):
    """What a provider calls a work unit, where that is not its code; or that it is no Group."""

    __tablename__ = "scim_groups"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "unit_id"], ["work_units.tenant_id", "work_units.id"]),
        Index("one_scim_group_per_external_id", "tenant_id", "external_id", unique=True),
    )

    unit_id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str | None] = mapped_column(Text)
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it.
