"""The figures of each government as they were last read; sums only, and ids of no person."""

from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, TenantRow


class TenantGauges(TenantRow, Base):
    """One government's figures: each a gauge's name, the values of its labels, and a number."""

    __tablename__ = "tenant_gauges"

    read_at: Mapped[datetime]
    figures: Mapped[list[Any]] = mapped_column(JSONB)
