"""Speaking SCIM to the service as identity providers do."""

from typing import Any

import httpx

from app.core.services import Services
from app.identity.scopes import Scope
from tests.api.test_isolation import key_of
from tests.support import Government, nip

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
MEDIA_TYPE = "application/scim+json"
SCOPES = [
    Scope.EMPLOYEES_READ,
    Scope.EMPLOYEES_WRITE,
    Scope.EMPLOYEES_READ_NIP,
    Scope.WORK_UNITS_READ,
    Scope.WORK_UNITS_WRITE,
]


class Scim:
    """The service below /scim/v2, with one key; bodies are sent in SCIM's own media type."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": MEDIA_TYPE}

    async def ask(
        self, method: str, path: str, body: Any = None, *, match: str | None = None, **params: Any
    ) -> httpx.Response:
        headers = {**self._headers, **({"If-Match": match} if match else {})}
        return await self._client.request(
            method, f"/scim/v2{path}", json=body, params=params or None, headers=headers
        )

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.ask("GET", path, **params)

    async def patch(self, path: str, *operations: dict[str, Any]) -> httpx.Response:
        return await self.ask(
            "PATCH", path, {"schemas": [PATCH_OP], "Operations": list(operations)}
        )

    async def found(self, text: str, kind: str = "Users") -> list[str]:
        """The ids that a filter chooses."""
        answer = await self.get(f"/{kind}", filter=text)
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["Resources"]]


async def make_provider(
    http: httpx.AsyncClient,
    services: Services,
    government: Government,
    *,
    scopes: list[Scope] | None = None,
    unit: str | None = None,
) -> Scim:
    token = await key_of(services, government.tenant_id, scopes=scopes or SCOPES, unit=unit)
    return Scim(http, token)


def person(number: int = 1, department: str | None = "16.01", **other: Any) -> dict[str, Any]:
    """A User as Entra ID creates one; more of it than the registry keeps."""
    placed = {} if department is None else {"department": department}
    return {
        "schemas": [CORE, ENTERPRISE],
        "externalId": f"0a21f0f2-8d2a-4f8e-bf98-{number:012d}",
        "userName": f"pegawai.{number}@example.go.id",
        "displayName": f"Pegawai {number}",
        "name": {"formatted": f"Pegawai {number}", "familyName": "Pegawai", "givenName": "X"},
        "active": True,
        "emails": [{"primary": True, "type": "work", "value": f"surat.{number}@example.go.id"}],
        "phoneNumbers": [{"type": "mobile", "value": "081200000000"}],
        "meta": {"resourceType": "User"},
        "roles": [],
        ENTERPRISE: {"employeeNumber": nip(number), **placed},
        **other,
    }


async def made(provider: Scim, number: int = 1, **other: Any) -> dict[str, Any]:
    answer = await provider.ask("POST", "/Users", person(number, **other))
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told
