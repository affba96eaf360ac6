"""How a page asks: it sends the browser's own session to the API, inside this process.

So a page can show and do only what the API lets its reader see and do, and every look at people is
recorded where all the others are.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

import httpx
from fastapi import Depends, Request

# What identifies the reader, and nothing else that a browser sends.
PASSED_ON = ("cookie", "origin")
CSRF = "x-csrf-token"
SECONDS = 120.0


class Refused(Exception):
    """The API has refused what a page asked for: a status and a problem document (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = problem
        super().__init__(status)

    @property
    def detail(self) -> str:
        """What is wrong, in the API's words."""
        return str(self.problem.get("detail", ""))

    @property
    def faults(self) -> list[dict[str, str]]:
        """Which fields are wrong, and how to mend them."""
        found: list[dict[str, str]] = self.problem.get("errors", [])
        return found

    def mistakes(self, field: str) -> list[str]:
        """What is wrong with a field of a form, by the name that the API knows it by."""
        return [each["message"] for each in self.faults if field in each["pointer"].split("/")]


class Api:
    """The API as the reader of a page may use it."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def get(self, path: str, **params: Any) -> Any:
        """The document at a path; parameters that are None or empty are left out.

        Raises:
            Refused: the API answers with another status than 2xx.
        """
        told = {name: value for name, value in params.items() if value not in (None, "")}
        return _document(await self._client.get(path, params=told))

    async def versioned(self, path: str) -> tuple[Any, str]:
        """The document at a path, and the ETag that a change of it has to name.

        Raises:
            Refused: the API answers with another status than 2xx.
        """
        answer = await self._client.get(path)
        return _document(answer), answer.headers.get("etag", "")

    async def maybe(self, path: str, **params: Any) -> Any | None:
        """The same; None where the reader may not see it or it is not there."""
        try:
            return await self.get(path, **params)
        except Refused as refused:
            if refused.status in {403, 404, 409}:
                return None
            raise

    async def send(
        self, method: str, path: str, body: Any, *, csrf: str, etag: str | None = None
    ) -> Any:
        """What the API answers to a change.

        Raises:
            Refused: the API answers with another status than 2xx.
        """
        headers = {CSRF: csrf, **({"if-match": etag} if etag else {})}
        return _document(await self._client.request(method, path, json=body, headers=headers))

    async def upload(self, path: str, name: str, content: bytes, csrf: str, **fields: str) -> Any:
        """What the API answers to a file.

        Raises:
            Refused: the API answers with another status than 2xx.
        """
        answer = await self._client.post(
            path, files={"file": (name, content)}, data=fields, headers={CSRF: csrf}
        )
        return _document(answer)


def _document(answer: httpx.Response) -> Any:
    if answer.is_success:
        return answer.json() if answer.content else None
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    raise Refused(answer.status_code, problem)


async def get_api(request: Request) -> AsyncIterator[Api]:
    """The API, asked with the session of the browser that wants a page."""
    headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
    host, port = (request.client.host, request.client.port) if request.client else ("", 0)
    transport = httpx.ASGITransport(request.app, raise_app_exceptions=False, client=(host, port))
    async with httpx.AsyncClient(
        transport=transport,
        base_url=str(request.base_url),
        headers=headers,
        timeout=SECONDS,
        trust_env=False,
    ) as client:
        yield Api(client)


ApiDep = Annotated[Api, Depends(get_api)]
