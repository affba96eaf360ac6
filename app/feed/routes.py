"""The change feed over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from app.audit.looks import note_by_hand
from app.changes.kinds import ChangeKind
from app.changes.models import EntryKind
from app.core.errors import FieldError, Invalid
from app.core.services import ServicesDep
from app.feed import service
from app.feed.rules import TOLD_KINDS, subject_of
from app.feed.schemas import Feed
from app.feed.service import LATEST, Asked
from app.identity.access import may
from app.identity.rules import Caller
from app.identity.scopes import Scope

LONGEST_WAIT_SECONDS = 20
OF_A_PERSON = "employee"

router = APIRouter(prefix="/v1/changes", tags=["integration"])
MayFollow = Annotated[Caller, Depends(may(Scope.CHANGES_READ, whole_tenant=True))]


class KindWithheld(Invalid):
    """The feed does not tell of {kind}; the audit trail does."""


async def feed_request(
    after: Annotated[
        str | None,
        Query(
            max_length=64,
            description=f"`next` of the answer before; `{LATEST}`: only what is still to come;"
            " without it, everything from the beginning",
        ),
    ] = None,
    kind: Annotated[
        list[ChangeKind] | None, Query(description="Only these kinds", max_length=50)
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most")] = 100,
    wait: Annotated[
        float,
        Query(ge=0, le=LONGEST_WAIT_SECONDS, description="Seconds to wait for the first change"),
    ] = 0,
) -> Asked:
    for each in kind or ():
        if each.value not in TOLD_KINDS:
            fault = FieldError("/query/kind", "kind", f"not told of: {each.value}")
            raise KindWithheld(kind=each.value, errors=[fault])
    return Asked(after, [each.value for each in kind] if kind else TOLD_KINDS, limit, wait)


@router.get("", responses={409: {"description": "The cursor is ahead: a backup was restored."}})
async def list_changes(
    request: Request,
    caller: MayFollow,
    services: ServicesDep,
    asked: Annotated[Asked, Depends(feed_request)],
) -> Feed:
    """What has changed since `after`: each change at least once, and none is ever skipped.

    A change is told when every transaction older than its own has ended, so that a slower one
    cannot come in behind a reader's back. No connection to the database is held while waiting.
    """
    feed = await service.follow(services.database, caller.tenant_id, asked)
    people = [each.subject_id for each in feed.items if subject_of(each.kind) == OF_A_PERSON]
    if people:
        now = services.clock.now()
        async with services.database.transaction(caller.tenant_id) as session:
            note_by_hand(session, request, caller, EntryKind.READ, people, at=now)
    return feed
