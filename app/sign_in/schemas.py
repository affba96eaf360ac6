"""What the API says of who calls."""

from datetime import datetime
from uuid import UUID

from app.core.schemas import Out
from app.identity.rules import CallerKind
from app.identity.scopes import Scope


class SessionOut(Out):
    """Who calls, and what they may do; `csrf_token` only for a signed-in browser."""

    kind: CallerKind
    id: UUID
    government: str
    scopes: list[Scope]
    unit_id: UUID | None
    is_employee: bool
    expires_at: datetime
    csrf_token: str | None


class SessionEnded(Out):
    """The session is over here; the provider's own ends at `provider_url`, if it says where."""

    provider_url: str | None
