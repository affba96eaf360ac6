"""The web edge: problem+json for every error, request ids, timings, security headers."""

import time
from collections.abc import Mapping
from typing import Any

import asyncpg
import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import AppError, Conflict, FieldError, Invalid, ServiceUnavailable
from app.core.ids import new_id
from app.core.logs import get_logger
from app.core.metrics import record_request

PROBLEM = "application/problem+json"
TYPE_BASE = "https://simedsos.example/problems/"
# What a client has left to ask, as whoever counts it has put it into the request's scope.
QUOTA_HEADERS = "simedsos.quota_headers"
# How long an operation is still there, as the operation itself has put it there.
LIFE_HEADERS = "simedsos.life_headers"
DATABASE_DOWN = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    ConnectionError,
    TimeoutError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.InterfaceError,
    asyncpg.ConnectionDoesNotExistError,
)


class RuleOfTheDatabase(Conflict):
    """The request conflicts with a stored rule: {rule}. Read the resource again and retry."""


class JsonResponse(Response):
    """An answer written by orjson."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


class ModelResponse(Response):
    """An answer that is a model already: written at once, without being checked a second time."""

    media_type = "application/json"

    def render(self, content: BaseModel) -> bytes:
        return content.model_dump_json().encode()


def problem(
    status: int,
    title: str,
    detail: str,
    *,
    code: str,
    errors: tuple[FieldError, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An RFC 9457 answer."""
    body = {
        "type": TYPE_BASE + code,
        "title": title,
        "status": status,
        "detail": detail,
        "errors": [
            {"pointer": fault.pointer, "code": fault.code, "message": fault.message}
            for fault in errors
        ],
    }
    return Response(orjson.dumps(body), status, dict(headers or {}), media_type=PROBLEM)


def answer_app_error(error: AppError) -> Response:
    """The answer to an error of the tree."""
    return problem(
        error.status,
        error.title,
        str(error),
        code=error.code,
        errors=error.errors,
        headers=error.headers,
    )


async def on_app_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    return answer_app_error(error)


async def on_invalid_request(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # The rejected input is left out: it may hold a NIP or a name.
    faults = tuple(
        FieldError("/" + "/".join(str(part) for part in fault["loc"]), fault["type"], fault["msg"])
        for fault in error.errors()
    )
    return answer_app_error(Invalid(errors=faults))


async def on_http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    titles = {404: "Not found", 405: "Method not allowed", 413: "Too large"}
    details = {
        404: "There is no such resource, or it is not visible to this caller.",
        405: "This resource does not answer that method.",
        413: "The body is larger than this operation takes.",
    }
    title = titles.get(error.status_code, "Request refused")
    return problem(
        error.status_code,
        title,
        details.get(error.status_code, "The request could not be read."),
        code=title.lower().replace(" ", "-"),
        headers=error.headers,
    )


async def on_database_error(_: Request, error: Exception) -> Response:
    get_logger().error("database unavailable", action="database_unavailable", exc_info=error)
    return answer_app_error(ServiceUnavailable())


async def on_driver_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DBAPIError)
    if error.connection_invalidated:
        return await on_database_error(request, error)
    return await on_any_error(request, error)


async def on_refused_by_database(request: Request, error: Exception) -> Response:
    assert isinstance(error, IntegrityError)
    constraint = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
    if constraint is None:
        return await on_any_error(request, error)
    get_logger().warning("refused by the database", action="refused", reason=constraint)
    return answer_app_error(RuleOfTheDatabase(rule=constraint.replace("_", " ")))


async def on_any_error(_: Request, error: Exception) -> Response:
    get_logger().error("request failed", action="request_failed", exc_info=error)
    return problem(
        500,
        "Internal error",
        "The request failed through a fault of this service; nothing was stored.",
        code="internal",
    )


class EdgeMiddleware:
    """Request id, timing and security headers around everything, as plain ASGI for speed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = str(new_id())
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message.setdefault("headers", [])
                names = {name.lower() for name, _ in headers}
                headers.append((b"x-request-id", request_id.encode()))
                headers.append((b"x-content-type-options", b"nosniff"))
                headers.extend(scope.get(QUOTA_HEADERS, ()))
                headers.extend(scope.get(LIFE_HEADERS, ()))
                if b"cache-control" not in names:
                    headers.append((b"cache-control", b"no-store"))
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            route = scope.get("route")
            record_request(
                method=scope["method"],
                route=getattr(route, "path", "unmatched"),
                status=status,
                seconds=time.perf_counter() - started,
            )


def install_edge(app: FastAPI) -> None:
    """Put the error handlers and the edge middleware on an app."""
    app.add_middleware(EdgeMiddleware)
    app.add_exception_handler(AppError, on_app_error)
    app.add_exception_handler(RequestValidationError, on_invalid_request)
    app.add_exception_handler(HTTPException, on_http_error)
    for kind in DATABASE_DOWN:
        app.add_exception_handler(kind, on_database_error)
    app.add_exception_handler(IntegrityError, on_refused_by_database)
    app.add_exception_handler(DBAPIError, on_driver_error)
    app.add_exception_handler(Exception, on_any_error)
