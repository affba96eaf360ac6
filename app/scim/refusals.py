"""What SCIM refuses, and how every refusal below /scim/v2 is answered as a SCIM error."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

import orjson
from fastapi import Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import BadRequest, Conflict, Invalid
from app.core.web import PROBLEM, TYPE_BASE, on_any_error
from app.scim.rules import Fault, FaultKind

PREFIX: Final = "/scim/v2"
SCIM_JSON: Final = "application/scim+json"
ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"

ERROR_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "title": "ScimError",
    "description": "What is wrong, and how to mend it (RFC 7644, section 3.12).",
    "required": ["schemas", "status", "detail"],
    "properties": {
        "schemas": {"type": "array", "items": {"type": "string", "const": ERROR}},
        "status": {"type": "string"},
        "scimType": {"type": "string"},
        "detail": {"type": "string"},
    },
}


class ScimResponse(JSONResponse):
    """An answer in SCIM's own media type; its base has OpenAPI tell the model of the answer."""

    media_type = SCIM_JSON

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


class InvalidFilter(BadRequest):
    """The filter cannot be answered: {why}."""


class InvalidPath(BadRequest):
    """The path of an operation is refused: {why}."""


class InvalidValue(BadRequest):
    """A value is refused: {why}."""


class InvalidSyntax(BadRequest):
    """The request cannot be read: {why}."""


class Mutability(BadRequest):
    """The change is refused: {why}."""


class NoTarget(BadRequest):
    """An operation names nothing: {why}."""


class UserKnown(Conflict):
    """This employee is registered already.

    Find them by a filter (employeeNumber eq, or userName eq with the NIP) and change them by PATCH.
    """


class NameTaken(Conflict):
    """Another resource has this {what}."""


REFUSALS: Mapping[FaultKind, type[BadRequest]] = {
    FaultKind.FILTER: InvalidFilter,
    FaultKind.PATH: InvalidPath,
    FaultKind.VALUE: InvalidValue,
    FaultKind.SYNTAX: InvalidSyntax,
    FaultKind.MUTABILITY: Mutability,
    FaultKind.NO_TARGET: NoTarget,
}
# What other rooms refuse, in the words of RFC 7644, table 9.
SCIM_TYPES: Mapping[str, str] = {
    **{refusal.code: kind.value for kind, refusal in REFUSALS.items()},
    "user-known": "uniqueness",
    "name-taken": "uniqueness",
    "nip-taken": "uniqueness",
    "work-unit-code-taken": "uniqueness",
    "rule-of-the-database": "uniqueness",
    "nip-invalid": "invalidValue",
    "unit-unknown": "invalidValue",
    "invalid": "invalidValue",
}


class ScimRoute(APIRoute):
    """A route whose rules may find a fault, which is answered as what it is."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_faults(request: Request) -> Response:
            try:
                return await handle(request)
            except Fault as fault:
                raise REFUSALS[fault.kind](why=str(fault)) from fault

        return handle_faults


def scim_error(problem: Mapping[str, Any]) -> dict[str, Any]:
    """The SCIM error that says what a problem says; SCIM knows no 422."""
    status = problem["status"]
    status = BadRequest.status if status == Invalid.status else status
    words = [
        problem["detail"],
        *(f"{each['pointer']}: {each['message']}" for each in problem["errors"]),
    ]
    error = {"schemas": [ERROR], "status": str(status), "detail": " ".join(words)}
    scim_type = SCIM_TYPES.get(str(problem["type"]).removeprefix(TYPE_BASE))
    return error if scim_type is None else {**error, "scimType": scim_type}


class ScimErrors:
    """Plain ASGI around all that can refuse: below the prefix every problem leaves as an error."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
            return
        answer = _Answer(send)
        try:
            await self.app(scope, receive, answer.send)
        except Exception as error:
            if answer.started:
                raise
            await (await on_any_error(Request(scope), error))(scope, receive, answer.send)


class _Answer:
    """An answer on its way; a problem is held back until it is whole, and then told anew."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: Message | None = None
        self._body = b""
        self.started = False

    async def send(self, message: Message) -> None:
        self.started = True
        if message["type"] == "http.response.start" and _is_problem(message):
            self._held = message
        elif self._held is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._tell(self._held)

    async def _tell(self, start: Message) -> None:
        error = scim_error(orjson.loads(self._body))
        body = orjson.dumps(error)
        kept = [
            (name, value)
            for name, value in start["headers"]
            if name.lower() not in {b"content-type", b"content-length"}
        ]
        about = [(b"content-type", SCIM_JSON.encode()), (b"content-length", b"%d" % len(body))]
        await self._send({**start, "status": int(error["status"]), "headers": [*kept, *about]})
        await self._send({"type": "http.response.body", "body": body})


def _is_problem(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(PROBLEM.encode())
        for name, value in message["headers"]
    )
