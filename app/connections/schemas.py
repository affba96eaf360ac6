"""Connections on the wire; a token comes in where it must, and none ever goes out."""

from datetime import datetime

from pydantic import Field, SecretStr

from app.connections.rules import LossReason, ShownState
from app.core.schemas import In, Out
from app.platforms.base import Platform


class ConsentOut(Out):
    """Where the account's owner gives consent, and until when."""

    authorize_url: str
    expires_at: datetime


class TokenIn(In):
    """An access token that the account's custodian has made on the account's own server."""

    access_token: SecretStr = Field(min_length=1, max_length=4096)


class ConnectionOut(Out):
    """What is known of an account's connection; `expires_at` is null where no end is known."""

    state: ShownState
    platform: Platform
    scopes: list[str]
    expires_at: datetime | None
    connected_at: datetime | None
    connected_by: str | None
    loss_reason: LossReason | None
