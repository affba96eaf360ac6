"""What tests say often: calling the API, inventing NIPs, reading the database as its owner."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Government:
    """A tenant and a key of it."""

    tenant_id: UUID
    token: str


class Api:
    """The service over HTTP with one key; each call answers the whole response."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self._client.get(path, params=params or None, headers=self._headers)

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._client.post(path, json=body, headers={**self._headers, **named})

    async def patch(self, path: str, body: Any, *, etag: str | None = None) -> httpx.Response:
        headers = {**self._headers, **({"If-Match": etag} if etag else {})}
        return await self._client.patch(path, json=body, headers=headers)

    async def put(self, path: str, body: Any, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._client.put(path, json=body, headers={**self._headers, **named})

    async def delete(self, path: str) -> httpx.Response:
        return await self._client.delete(path, headers=self._headers)

    async def upload(
        self, path: str, content: bytes, *, filename: str = "file.csv", **fields: str
    ) -> httpx.Response:
        return await self._client.post(
            path,
            files={"file": (filename, content)},
            data=fields,
            headers=self._headers,
        )


def nip(number: int, *, year: int = 1990) -> str:
    """An invented PPPK NIP that is valid by its form: the number stands in its sequence."""
    day, sequence = divmod(number, 999)
    return f"{year + day // 28:04d}01{day % 28 + 1:02d}2024211{sequence + 1:03d}"
