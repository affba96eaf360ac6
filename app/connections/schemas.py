"""Connections on the wire; no token ever is."""

from datetime import datetime

from app.connections.rules import LossReason, ShownState
from app.core.schemas import Out
from app.platforms.base import Platform


class ConsentOut(Out):
    """Where the account's owner gives consent, and until when."""

    authorize_url: str
    expires_at: datetime


class ConnectionOut(Out):
    """What is known of an account's connection; `expires_at` is null where no end is known."""

    state: ShownState
    platform: Platform
    scopes: list[str]
    expires_at: datetime | None
    connected_at: datetime | None
    connected_by: str | None
    loss_reason: LossReason | None
