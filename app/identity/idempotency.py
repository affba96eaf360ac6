"""Idempotency-Key: a creating POST that is repeated answers again and creates nothing."""

import hashlib
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import Depends, Header, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.chain import Look, note_look, noted_looks
from app.changes.models import EntryKind
from app.core.crypto import KeyUnknown, Place, RegistryKeys, Undecryptable
from app.core.db import REGISTRY
from app.core.errors import Conflict, FieldError, Invalid
from app.core.services import ServicesDep
from app.identity.access import SessionDep, get_caller
from app.identity.models import IdempotencyRecord
from app.identity.rules import Caller

ANSWERS = "idempotency_records.body"
KEPT_HEADERS = (b"content-type", b"etag", b"location")


class KeyReused(Invalid):
    """This Idempotency-Key was used for another request; choose a new key."""


class AnswerUnreadable(Conflict):
    """The request was carried out before; its answer was sealed by a key that is gone."""


class Replay(Exception):
    """The request was carried out before; this is its answer."""

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__()


class Once:
    """A claimed key whose answer is still to be stored, in the request's own transaction."""

    def __init__(self, session: AsyncSession, caller: Caller, key: str) -> None:
        self._session = session
        self._caller = caller
        self._key = key

    def _where(self) -> tuple[Any, ...]:
        return (
            IdempotencyRecord.tenant_id == self._caller.tenant_id,
            IdempotencyRecord.caller_id == self._caller.id,
            IdempotencyRecord.key == self._key,
        )

    async def claim(self, digest: bytes, *, operation: str, now: datetime) -> None:
        """Claim the key, waiting for a concurrent request with the same one.

        A replay of `operation` that tells of people is one more look at them.

        Raises:
            Replay: the same request was answered before.
            KeyReused: the key belongs to another request.
        """
        claimed = await self._session.execute(
            insert(IdempotencyRecord)
            .values(
                tenant_id=self._caller.tenant_id,
                caller_id=self._caller.id,
                key=self._key,
                request_digest=digest,
            )
            .on_conflict_do_nothing()
            .returning(IdempotencyRecord.key)
        )
        if claimed.first() is not None:
            return
        stored = (
            await self._session.scalars(select(IdempotencyRecord).where(*self._where()))
        ).one()
        if stored.request_digest != digest:
            raise KeyReused(
                errors=[FieldError("/header/idempotency-key", "reused", "used for another body")]
            )
        if stored.told_of is not None:
            look = Look(EntryKind.READ, operation, self._caller.actor, now, stored.told_of)
            note_look(self._session, self._caller.tenant_id, look)
        response = Response(self._opened(stored), stored.status or 200)
        for pair in stored.headers or ():
            name, _, value = pair.partition(": ")
            response.headers[name] = value
        response.headers["Idempotency-Replayed"] = "true"
        raise Replay(response)

    async def store(self, response: Response) -> None:
        """Keep the answer beside what the request has written."""
        headers = [
            f"{name.decode()}: {value.decode()}"
            for name, value in response.raw_headers
            if name in KEPT_HEADERS
        ]
        looks = noted_looks(self._session)
        told_of = sorted({each for look in looks for each in look.employee_ids})
        await self._session.execute(
            update(IdempotencyRecord)
            .where(*self._where())
            .values(
                status=response.status_code,
                **self._sealed(bytes(response.body)),
                headers=headers,
                told_of=told_of if looks else None,
            )
        )

    @property
    def _place(self) -> Place:
        return Place(self._caller.tenant_id, self._caller.id, f"{ANSWERS}:{self._key}")

    def _sealed(self, body: bytes) -> dict[str, Any]:
        keys: RegistryKeys | None = self._session.info.get(REGISTRY)
        if keys is None:
            return {"body": body, "key_id": None}
        return {"body": keys.ring.seal(body.decode(), self._place), "key_id": keys.ring.current}

    def _opened(self, stored: IdempotencyRecord) -> bytes | None:
        keys: RegistryKeys | None = self._session.info.get(REGISTRY)
        if stored.body is None or stored.key_id is None:
            return stored.body
        if keys is None:
            raise AnswerUnreadable
        try:
            return keys.ring.open(stored.body, self._place, stored.key_id).encode()
        except (KeyUnknown, Undecryptable):
            raise AnswerUnreadable from None


async def request_digest(request: Request) -> bytes:
    """What makes two requests the same: method, address and body, whatever its JSON spacing."""
    body = await request.body()
    # What is nested deeper than orjson writes is taken as it came, like what is no JSON.
    with suppress(orjson.JSONDecodeError, orjson.JSONEncodeError):
        body = orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    seen = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    seen.update(body)
    return seen.digest()


async def claim_once(
    request: Request,
    caller: Annotated[Caller, Depends(get_caller)],
    session: SessionDep,
    services: ServicesDep,
    idempotency_key: Annotated[
        str | None,
        Header(max_length=255, description="Repeat a POST safely by repeating this key"),
    ] = None,
) -> None:
    """Claim the request's Idempotency-Key, where it has one."""
    if idempotency_key is not None:
        once = Once(session, caller, idempotency_key)
        digest, keys = await request_digest(request), session.info.get(REGISTRY)
        await once.claim(
            digest if keys is None else keys.keyed(digest),
            operation=request.scope["route"].name,
            now=services.clock.now(),
        )
        request.state.once = once


class OnceRoute(APIRoute):
    """A route that stores its answer before the transaction ends, or replays the stored one."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_once(request: Request) -> Response:
            try:
                response = await handle(request)
            except Replay as replay:
                return replay.response
            once: Once | None = getattr(request.state, "once", None)
            if once is not None:
                await once.store(response)
            return response

        return handle_once


OnceDep = Depends(claim_once, scope="function")
