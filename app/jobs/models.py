"""Which cron lines have fired for which slot; the key makes extra schedulers harmless."""

from datetime import datetime

from sqlalchemy import Text, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class CronSlot(Base):
    """One firing of one cron line."""

    __tablename__ = "cron_slots"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    slot: Mapped[datetime] = mapped_column(primary_key=True)
    fired_at: Mapped[datetime] = mapped_column(server_default=func.now())
