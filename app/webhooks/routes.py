"""Webhooks over HTTP. Secrets are answered once and stored sealed, so no answer is replayed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from app.audit.looks import ReadingDep
from app.changes.kinds import ChangeKind
from app.core.etags import ExpectedVersion, etag
from app.core.paging import Page, PageDep, split_page
from app.core.services import ServicesDep
from app.feed.rules import subject_of
from app.identity.access import SessionDep, may
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.webhooks import queries, service
from app.webhooks.models import WebhookDelivery
from app.webhooks.outbox import OF_A_PERSON
from app.webhooks.rules import DeliveryState
from app.webhooks.schemas import (
    DeliveryOut,
    EndpointEdit,
    EndpointIn,
    EndpointMade,
    EndpointOut,
    RedeliveryIn,
    RedeliveryOut,
    SecretIn,
)

router = APIRouter(prefix="/v1/webhooks", tags=["integration"])
MayRead = Annotated[Caller, Depends(may(Scope.WEBHOOKS_READ, whole_tenant=True))]
MayWrite = Annotated[Caller, Depends(may(Scope.WEBHOOKS_WRITE, whole_tenant=True))]


@router.get("")
async def list_webhooks(caller: MayRead, session: SessionDep, page: PageDep) -> Page[EndpointOut]:
    """The endpoints that changes are posted to; never their secrets."""
    found, cursor = split_page(await queries.page(session, caller, page), page)
    waiting = await queries.waiting(session, caller.tenant_id, [each.id for each in found])
    items = [service.shown(each, waiting.get(each.id, 0)) for each in found]
    return Page(items=items, next=cursor)


@router.post("", status_code=201)
async def create_webhook(
    caller: MayWrite,
    body: EndpointIn,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
) -> EndpointMade:
    """An endpoint that is told of every change from now on, and the secret that signs."""
    made = await service.make(session, services.settings, caller, body, now=services.clock.now())
    response.headers["ETag"] = etag(made.version)
    return made


@router.get("/{webhook_id}")
async def get_webhook(
    webhook_id: UUID, caller: MayRead, session: SessionDep, response: Response
) -> EndpointOut:
    """One endpoint, whether it is enabled, and how many messages wait for it."""
    endpoint = await queries.get(session, caller, webhook_id)
    waiting = await queries.waiting(session, caller.tenant_id, [endpoint.id])
    response.headers["ETag"] = etag(endpoint.version)
    return service.shown(endpoint, waiting.get(endpoint.id, 0))


@router.patch("/{webhook_id}")
async def edit_webhook(
    webhook_id: UUID,
    caller: MayWrite,
    body: EndpointEdit,
    expected: ExpectedVersion,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
) -> EndpointOut:
    """Change an endpoint; enabled again, it goes on where it stood."""
    now = services.clock.now()
    endpoint = await service.edit(
        session, services.settings, caller, webhook_id, body, expected=expected, now=now
    )
    waiting = await queries.waiting(session, caller.tenant_id, [endpoint.id])
    response.headers["ETag"] = etag(endpoint.version)
    return service.shown(endpoint, waiting.get(endpoint.id, 0))


@router.delete("/{webhook_id}", status_code=204)
async def remove_webhook(
    webhook_id: UUID, caller: MayWrite, session: SessionDep, services: ServicesDep
) -> None:
    """Remove an endpoint, with its messages; that it was there stays in the trail."""
    await service.remove(session, caller, webhook_id, now=services.clock.now())


@router.post("/{webhook_id}/secret", status_code=201)
async def exchange_webhook_secret(
    webhook_id: UUID, caller: MayWrite, body: SecretIn, session: SessionDep, services: ServicesDep
) -> EndpointMade:
    """A new secret; until the old one ends, messages bear a signature of each."""
    return await service.exchange_secret(
        session, services.settings, caller, webhook_id, body, now=services.clock.now()
    )


@router.get("/{webhook_id}/deliveries")
async def list_webhook_deliveries(
    webhook_id: UUID,
    caller: MayRead,
    session: SessionDep,
    page: PageDep,
    reading: ReadingDep,
    state: DeliveryState | None = None,
) -> Page[DeliveryOut]:
    """Messages of an endpoint, the newest first; finished ones are kept for 30 days."""
    endpoint = await queries.get(session, caller, webhook_id)
    found, cursor = split_page(await queries.deliveries(session, endpoint, page, state), page)
    people = (each.subject_id for each in found if _of_a_person(each))
    reading.of(people, subject_id=endpoint.id)
    return Page(items=[_shown(each) for each in found], next=cursor)


@router.post("/{webhook_id}/redeliver", status_code=202)
async def redeliver_webhook(
    webhook_id: UUID,
    caller: MayWrite,
    body: RedeliveryIn,
    session: SessionDep,
    services: ServicesDep,
) -> RedeliveryOut:
    """Send messages again, under the same `webhook-id`; those of the past before what waits."""
    restarted = await service.redeliver(session, caller, webhook_id, body, now=services.clock.now())
    return RedeliveryOut(restarted=restarted)


def _of_a_person(delivery: WebhookDelivery) -> bool:
    return subject_of(ChangeKind(delivery.kind)) == OF_A_PERSON


def _shown(delivery: WebhookDelivery) -> DeliveryOut:
    shown = DeliveryOut.model_validate(delivery)
    if delivery.state is not DeliveryState.WAITING:
        shown.next_attempt_at = None
    return shown
