"""Keys over HTTP. Their secrets are answered once and stored nowhere, so no answer is replayed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from app.core.paging import Page, PageDep, split_page
from app.core.services import ServicesDep
from app.identity.access import SessionDep, may
from app.identity.limits import Limits
from app.identity.models import ApiKey
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.keys import queries, service
from app.keys.schemas import ApiKeyIn, ApiKeyMade, ApiKeyOut, LeakIn, RotationIn

router = APIRouter(prefix="/v1/api-keys", tags=["keys"])
MayRead = Annotated[Caller, Depends(may(Scope.KEYS_READ, whole_tenant=True))]
MayWrite = Annotated[Caller, Depends(may(Scope.KEYS_WRITE, whole_tenant=True))]


@router.get("")
async def list_api_keys(caller: MayRead, session: SessionDep, page: PageDep) -> Page[ApiKeyOut]:
    """Every key of the government, revoked and expired ones too; never the secret."""
    found, cursor = split_page(await queries.page(session, caller, page), page)
    return Page(items=[ApiKeyOut.model_validate(key) for key in found], next=cursor)


@router.post("", status_code=201)
async def create_api_key(
    caller: MayWrite, body: ApiKeyIn, session: SessionDep, services: ServicesDep
) -> ApiKeyMade:
    """A key of a system; nobody can give what they may not do themselves."""
    return await service.make(session, caller, body, now=services.clock.now())


@router.post("/leaks", status_code=204)
async def report_leaked_key(request: Request, body: LeakIn, services: ServicesDep) -> None:
    """Public: revoke a key that was found where it should not be; known or not, one answer."""
    limits: Limits = request.app.state.limits
    await limits.guess(request)
    await service.report_leak(services.database, body.token, now=services.clock.now())


@router.get("/{key_id}", response_model=ApiKeyOut)
async def get_api_key(key_id: UUID, caller: MayRead, session: SessionDep) -> ApiKey:
    """One key, and when it was last used."""
    return await queries.get(session, caller, key_id)


@router.post("/{key_id}/rotation", status_code=201)
async def rotate_api_key(
    key_id: UUID, caller: MayWrite, body: RotationIn, session: SessionDep, services: ServicesDep
) -> ApiKeyMade:
    """The next key of the same client; at most two of them are alive."""
    return await service.rotate(session, caller, key_id, body, now=services.clock.now())


@router.post("/{key_id}/revocation", response_model=ApiKeyOut)
async def revoke_api_key(
    key_id: UUID, caller: MayWrite, session: SessionDep, services: ServicesDep
) -> ApiKey:
    """Revoke a key; every process refuses it within two seconds."""
    return await service.revoke(session, caller, key_id, now=services.clock.now())
