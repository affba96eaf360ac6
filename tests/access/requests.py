"""A request that each operation takes, so that nothing but the right to it decides its answer.

Names in braces are replaced by the ids of whose things are asked for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.access.world import BREACH, CAMPAIGN, DECREED, GRANTED, OFFICIAL, Ids, nobodys
from tests.support import NOW, nip

SCIM_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
NOW_SAID = NOW.isoformat()
ROSTER = b"nip,name,category,unit_code\n1,A,pppk,16\n"
# The collector's rows and other governments' lists need no body; files are sent as forms.
FILES: Mapping[str, tuple[bytes, dict[str, str]]] = {
    "POST /v1/imports": (ROSTER, {"kind": "employees", "dry_run": "true"}),
    "POST /v1/me/evidence": (b"PK", {"account_id": "{account}"}),
    "POST /v1/official-accounts/{official}/follower-lists": (b"PK", {"taken_at": NOW_SAID}),
}
FORMS: Mapping[str, dict[str, str]] = {"POST /sign-in/link": {"token": "invented"}}
BODIES: Mapping[str, dict[str, Any]] = {
    "PATCH /v1/accounts/{account}": {"account": "https://www.instagram.com/lain.lagi"},
    "POST /v1/accounts/normalize": {"items": [{"account": "https://x.com/a_asn"}]},
    "POST /v1/accounts/{account}/evidence": {
        "source": "self_declared",
        "official_account_id": "{official}",
        "taken_at": NOW_SAID,
        "officer": "Admin OPD",
    },
    "POST /v1/accounts/{account}/verification": {
        "method": "attestation",
        "attested_on": "2026-11-20",
    },
    "POST /v1/api-keys": {"name": "Baru", "scopes": ["keys:write"], "unit_id": "{unit}"},
    "POST /v1/api-keys/leaks": {"token": "sm_live_invented"},
    "POST /v1/api-keys/{key}/rotation": {},
    "POST /v1/campaigns": {**CAMPAIGN, "official_account_ids": ["{official}"]},
    "POST /v1/campaigns/preview": {**CAMPAIGN, "official_account_ids": ["{official}"]},
    "PATCH /v1/campaigns/{campaign}": {"title": "Lain"},
    "POST /v1/campaigns/{campaign}/extensions": {
        "employee_id": "{silent}",
        "due_on": "2026-12-20",
        "officer": "Kepala BKD",
        "reason": "Sakit",
    },
    "POST /v1/campaigns/{campaign}/members": {
        "leave": ["{leaving}"],
        "officer": "Kepala BKD",
        "reason": "Pindah",
    },
    "PUT /v1/campaigns/{campaign}/reminders": {"enabled": False, "set_by": "Admin"},
    "POST /v1/disputes": {
        "campaign_id": "{campaign}",
        "duty": "declare",
        "employee_id": "{silent}",
        "text": "Sudah.",
        "received_by": "Admin OPD",
    },
    "POST /v1/disputes/{dispute}/decision": {
        "outcome": "dismissed",
        "reason": "Tidak terbukti",
        "decided_by": "Kepala BKD",
    },
    "POST /v1/employees": {
        "nip": nip(77),
        "name": "Pegawai Baru",
        "category": "pppk",
        "unit_id": "{unit}",
    },
    "POST /v1/employees/batch": {
        "items": [{"nip": nip(78), "name": "Pegawai Baru", "category": "pppk", "unit_id": "{unit}"}]
    },
    "POST /v1/employees/lookup": {"nips": [nip(1)]},
    "POST /v1/employees/search": {"name": "pegawai"},
    "PATCH /v1/employees/{employee}": {"position": "Guru"},
    "POST /v1/employees/{employee}/accounts": {"account": "https://x.com/baru_asn"},
    "POST /v1/employees/{employee}/erasure": {
        "reason": "Telah pensiun",
        "legal_reference": "UU 27/2022 Pasal 43",
        "decided_by": "Kepala BKD",
    },
    "PUT /v1/employees/{employee}/contact": {
        "email": "a@example.go.id",
        "phone": None,
        "set_by": "Admin",
    },
    "POST /v1/excuses": {
        "campaign_id": "{campaign}",
        "employee_id": "{silent}",
        "starts_on": "2026-11-01",
        **GRANTED,
    },
    "POST /v1/excuses/{excuse}/withdrawal": {"reason": "Selesai", "withdrawn_by": "Admin"},
    "POST /v1/me/accounts": {"account": "https://x.com/milik_saya"},
    "PATCH /v1/me/accounts/{account}": {"account": "https://www.instagram.com/lain.lagi"},
    "POST /v1/me/disputes": {
        "campaign_id": "{campaign}",
        "duty": "declare",
        "text": "Sudah.",
    },
    "POST /v1/me/requests": {"right": "access", "text": "Apa yang disimpan?"},
    "POST /v1/neutrality-windows": {
        "starts_on": "2031-01-01",
        "ends_on": "2031-02-01",
        **DECREED,
    },
    "POST /v1/neutrality-windows/{window}/withdrawal": {"officer": "Admin", "reason": "Batal"},
    "POST /v1/notices": {
        "campaign_id": "{campaign}",
        "employee_id": "{silent}",
        "duty": "declare",
        "channel": "letter",
        "sent_at": NOW_SAID,
        "sent_by": "Sekretaris",
    },
    "POST /v1/notices/{notice}/extension": {
        "reply_until": "2026-12-20T00:00:00Z",
        "reason": "Sakit",
        "extended_by": "Kepala BKD",
    },
    "POST /v1/notices/{notice}/finding": {"reason": "Tanpa jawaban", "decided_by": "Kepala BKD"},
    "POST /v1/official-accounts": {"account": "https://x.com/baru_resmi", **OFFICIAL},
    "PATCH /v1/official-accounts/{official}": {"name": "Lain"},
    "PUT /v1/official-accounts/{official}/connection": {"access_token": "invented-token"},
    "PUT /v1/official-accounts/{official}/controls": {"present": ["{account}"], "absent": []},
    "POST /v1/official-accounts/{official}/snapshots": {
        "observed_at": NOW_SAID,
        "attested_by": "Humas",
        "raw": "41",
        "precision": "exact",
        "followers": 41,
    },
    "POST /v1/privacy/breaches": BREACH,
    "POST /v1/privacy/breaches/{breach}/closure": {
        "conclusion": "Telah diberitahukan",
        "closed_by": "Kepala BKD",
    },
    "POST /v1/reports": {"campaign_id": "{campaign}"},
    "POST /scim/v2/Users": {
        "userName": "baru",
        "displayName": "Baru",
        ENTERPRISE: {"employeeNumber": nip(77), "department": "16"},
    },
    "POST /scim/v2/Users/.search": {"filter": 'displayName sw "Pegawai"'},
    "PUT /scim/v2/Users/{employee}": {"userName": "lain", "displayName": "Lain"},
    "PATCH /scim/v2/Users/{employee}": {
        "Operations": [{"op": "replace", "path": "displayName", "value": "Lain"}]
    },
    "POST /scim/v2/Groups": {"externalId": "16.08", "displayName": "Dinas Baru"},
    "POST /scim/v2/Groups/.search": {"filter": 'displayName sw "Dinas"'},
    "PUT /scim/v2/Groups/{unit}": {"displayName": "Lain"},
    "PATCH /scim/v2/Groups/{unit}": {
        "Operations": [{"op": "replace", "path": "displayName", "value": "Lain"}]
    },
    "POST /v1/subject-requests": {
        "employee_id": "{employee}",
        "right": "access",
        "text": "Apa yang disimpan?",
        "received_at": NOW_SAID,
        "received_by": "Admin OPD",
    },
    "POST /v1/subject-requests/{request}/answer": {
        "outcome": "granted",
        "reason": "Telah dikirim",
        "answered_by": "Kepala BKD",
    },
    "POST /v1/webhooks": {"name": "SIMPEG", "url": "https://simpeg.example.go.id/kabar"},
    "PATCH /v1/webhooks/{webhook}": {"name": "Lain"},
    "POST /v1/webhooks/{webhook}/redeliver": {"dead_since": NOW_SAID},
    "POST /v1/webhooks/{webhook}/secret": {},
    "POST /v1/work-units": {"code": "16.09", "name": "Dinas Baru", "parent_id": "{unit}"},
    "PATCH /v1/work-units/{unit}": {"name": "Lain"},
    "PUT /v1/work-units/{unit}/head": {"employee_id": "{employee}", "set_by": "Admin"},
}
QUERIES: Mapping[str, str] = {
    "GET /v1/imports/template": "kind=employees",
    "GET /sign-in/link": "token=invented",
    "GET /v1/campaigns/{campaign}/recap": "by=work_unit",
    "GET /v1/grafana/compliance": "campaign={campaign}",
    "GET /v1/grafana/followers": "from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z",
    "GET /v1/grafana/growth": "campaign={campaign}",
    "GET /v1/notices/text": "campaign={campaign}&employee={silent}&duty=declare",
    "GET /v1/official-accounts/{official}/growth": "from=2026-11-01T00:00:00Z",
    "GET /v1/verify": "url=https://www.instagram.com/pemprovsumsel/",
}
# The parameter that OpenAPI names `account_id` is an official account below this address.
OFFICIAL_ACCOUNTS = "/v1/official-accounts/"
SCIM = "/scim/v2/"
EDITS = frozenset({"PATCH", "PUT"})


@dataclass(frozen=True)
class Operation:
    """An operation of OpenAPI, with the names of `world` in the braces of its path."""

    method: str
    path: str
    scopes: tuple[str, ...] | None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def names_something(self) -> bool:
        """Whether the request names a thing that somebody owns."""
        told = (BODIES.get(self.name), QUERIES.get(self.name), FILES.get(self.name))
        asked = f"{self.path} {told}"
        return any(f"{{{kind}}}" in asked for kind in nobodys())

    def request(self, ids: Ids) -> dict[str, Any]:
        """The arguments of an httpx request."""
        sent: dict[str, Any] = {"method": self.method, "url": filled(self.path, ids)}
        # SCIM's edits need to name no version.
        if self.method in EDITS and not self.path.startswith(SCIM):
            sent["headers"] = {"If-Match": '"1"'}
        if query := QUERIES.get(self.name):
            sent["url"] += "?" + str(filled(query, ids))
        if self.name in FILES:
            content, fields = FILES[self.name]
            sent |= {"files": {"file": ("file", content)}, "data": filled(fields, ids)}
        elif self.name in FORMS:
            sent["data"] = FORMS[self.name]
        elif self.name in BODIES:
            sent["json"] = filled(BODIES[self.name], ids)
        return sent


def filled(template: Any, ids: Ids) -> Any:
    """A template with the ids in the places of their names."""
    if isinstance(template, dict):
        return {key: filled(value, ids) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, ids) for value in template]
    if not isinstance(template, str):
        return template
    for kind, known in ids.items():
        template = template.replace(f"{{{kind}}}", known)
    return template


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """Every operation that the OpenAPI document tells of."""
    for told, methods in document["paths"].items():
        path = told.replace("_id}", "}")
        if path.startswith(SCIM):
            path = path.replace("{user}", "{employee}").replace("{group}", "{unit}")
            path = path.replace("{resource_type}", "User").replace("{schema_urn}", SCIM_USER)
        if path.startswith(OFFICIAL_ACCOUNTS):
            path = path.replace("{account}", "{official}")
        for method, operation in methods.items():
            security = operation.get("security")
            scopes = tuple(security[0]["bearer"]) if security else None
            yield Operation(method.upper(), path, scopes)
