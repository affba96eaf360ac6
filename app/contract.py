"""The contract as OpenAPI tells it: who may call each operation, and how each may be refused."""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from starlette.routing import Match

from app.core import errors
from app.core.deprecation import Deprecated
from app.core.web import PROBLEM, on_http_error
from app.handbook import STYLE, handbook
from app.identity.access import May
from app.naming import called_by_title, operation_id, tell_parameter, told_tags
from app.scim.refusals import ERROR_SCHEMA, PREFIX, SCIM_JSON
from app.sign_in.sessions import NAME

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "What is wrong, where, and how to mend it (RFC 9457).",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "message"],
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}
PROBLEM_CONTENT = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
SCIM_CONTENT = {SCIM_JSON: {"schema": {"$ref": "#/components/schemas/ScimError"}}}
ANY = (errors.Invalid, errors.TooMany, errors.ServiceUnavailable)
PROTECTED = (errors.Unauthenticated, errors.Forbidden)
NAMES_SOMETHING = (errors.NotFound,)
WRITES = (errors.Conflict, errors.NotFound)
EDITS = (errors.PreconditionFailed, errors.PreconditionRequired)
WITH_BODY = (errors.BadRequest, errors.TooLarge, errors.UnsupportedFile)
DESCRIPTIONS: Mapping[type[errors.AppError], str] = {
    errors.BadRequest: "The body cannot be read as what it says it is.",
    errors.Unauthenticated: "No valid token was sent.",
    errors.Forbidden: "The token lacks a scope, or does not reach so far.",
    errors.NotFound: "There is no such thing, or it is not visible to this caller.",
    errors.Conflict: "The request conflicts with what is stored.",
    errors.PreconditionFailed: "The resource has changed since it was read.",
    errors.TooLarge: "The body is larger than the limit.",
    errors.UnsupportedFile: "The body is of a kind that is not taken.",
    errors.Invalid: "The request does not describe what the operation needs.",
    errors.PreconditionRequired: "An edit needs the header If-Match.",
    errors.TooMany: "Too many requests; Retry-After says when to come back.",
    errors.ServiceUnavailable: "The service cannot answer now; Retry-After says when to come back.",
}
METHOD_NOT_ALLOWED = 405
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
PAGE = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'"
)
Guard = TypeVar("Guard", May, Deprecated)
UNSAFE = frozenset({"post", "put", "patch", "delete"})


class EndNotTold(RuntimeError):
    """{operation} is marked as deprecated, and says not until when: use `Deprecated`."""

    def __init__(self, operation: str) -> None:
        super().__init__((self.__doc__ or "").format(operation=operation))


class Service(FastAPI):
    """An application whose OpenAPI tells scopes and refusals, taken from its own routes."""

    def __init__(self, rooms: Sequence[APIRouter], **about: Any) -> None:
        super().__init__(
            # The document is read where the service is: its own address is never a guess.
            servers=[{"url": "/", "description": "This service"}],
            openapi_tags=told_tags(),
            generate_unique_id_function=operation_id,
            **about,
        )
        self._rooms = rooms
        for room in rooms:
            self.include_router(room)
        self.add_route("/docs", self._show_handbook, include_in_schema=False)
        self.add_exception_handler(METHOD_NOT_ALLOWED, self._on_other_method)

    async def _show_handbook(self, _: Request) -> Response:
        return HTMLResponse(handbook(self.openapi()), headers={"Content-Security-Policy": PAGE})

    async def _on_other_method(self, request: Request, _: Exception) -> Response:
        # Each route knows only its own method; what the address answers is what they know together.
        known = {
            method
            for room in self._rooms
            for route in room.routes
            if isinstance(route, APIRoute) and route.matches(request.scope)[0] is not Match.NONE
            for method in route.methods or ()
        }
        allowed = {"Allow": ", ".join(sorted(known))} if known else {}
        return await on_http_error(request, HTTPException(METHOD_NOT_ALLOWED, headers=allowed))

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, completed once.

        Raises:
            EndNotTold: an operation is on its way out without an end.
        """
        if self.openapi_schema is None:
            guards = {key: guard for room in self._rooms for key, guard in _guards(room, May)}
            ends = {key: end for room in self._rooms for key, end in _guards(room, Deprecated)}
            document = super().openapi()
            _complete(document, guards)
            _tell_ends(document, ends)
            self.openapi_schema = called_by_title(document)
        assert self.openapi_schema is not None
        return self.openapi_schema


def _guards(room: APIRouter, kind: type[Guard]) -> Iterator[tuple[tuple[str, str], Guard]]:
    for route in room.routes:
        assert isinstance(route, APIRoute)
        for guard in _asked(route.dependant, kind):
            for method in route.methods or ():
                yield (method.lower(), route.path), guard


def _asked(dependant: Dependant, kind: type[Guard]) -> Iterator[Guard]:
    if isinstance(dependant.call, kind):
        yield dependant.call
    for each in dependant.dependencies:
        yield from _asked(each, kind)


def _tell_ends(document: dict[str, Any], ends: Mapping[tuple[str, str], Deprecated]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            end = ends.get((method, path))
            if end is None:
                if operation.get("deprecated"):
                    raise EndNotTold(f"{method.upper()} {path}")
                continue
            operation["deprecated"] = True
            for answer in operation["responses"].values():
                told = answer.setdefault("headers", {})
                for name, value in end.headers().items():
                    told[name] = {"schema": {"type": "string"}, "example": value}


def _complete(document: dict[str, Any], guards: Mapping[tuple[str, str], May]) -> None:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM_SCHEMA
    schemas["ScimError"] = ERROR_SCHEMA
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    components["securitySchemes"] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key (sm_live_… or sm_test_…), or an access token (RFC 9068) of"
            " the government's OpenID provider.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": NAME,
            "description": "A signed-in browser; over HTTPS with the prefix `__Host-`. Changes need"
            " the header X-CSRF-Token of /v1/session.",
        },
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            guard = guards.get((method, path))
            if guard is not None:
                # OpenAPI 3.1 lets every scheme name what it has to grant.
                scopes = sorted(guard.scopes)
                operation["security"] = [{"bearer": scopes}, {"session": scopes}]
            else:
                operation["security"] = []
            for parameter in operation.get("parameters", ()):
                tell_parameter(parameter, path)
            _tell_refusals(operation, method, protected=guard is not None)
            if path.startswith(PREFIX):
                _tell_in_scim(operation)


def _tell_refusals(operation: dict[str, Any], method: str, *, protected: bool) -> None:
    answers = operation["responses"]
    # FastAPI's own description of a 422 is not what this service answers.
    answers.pop("422", None)
    for refusal in _refusals(operation, method, protected=protected):
        answers.setdefault(str(refusal.status), {"description": DESCRIPTIONS[refusal]})
    for status, told in answers.items():
        if int(status) >= errors.BadRequest.status:
            told.setdefault("content", PROBLEM_CONTENT)


def _tell_in_scim(operation: dict[str, Any]) -> None:
    """SCIM has errors of its own, knows no 422, and lets an edit name no version."""
    answers = operation["responses"]
    answers.pop(str(errors.PreconditionRequired.status), None)
    invalid = answers.pop(str(errors.Invalid.status))
    answers.setdefault(str(errors.BadRequest.status), invalid)
    for status, told in answers.items():
        if int(status) >= errors.BadRequest.status:
            told["content"] = SCIM_CONTENT


def _refusals(
    operation: dict[str, Any], method: str, *, protected: bool
) -> Iterator[type[errors.AppError]]:
    yield from ANY
    if protected:
        yield from PROTECTED
    parameters = operation.get("parameters", ())
    if any(_is_id(each["schema"]) for each in parameters):
        yield from NAMES_SOMETHING
    if any(each["name"].lower() == "if-match" for each in parameters):
        yield from EDITS
    if method in UNSAFE:
        yield from WRITES
    if "requestBody" in operation:
        yield from WITH_BODY


def _is_id(schema: dict[str, Any]) -> bool:
    return any(each.get("format") == "uuid" for each in (schema, *schema.get("anyOf", ())))
