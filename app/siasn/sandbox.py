"""A server that speaks SIASN's wire format about invented employees; for this machine only.

Its answers carry what SIASN sends besides, such as NIK, religion and address, so that whatever
reads them is seen to leave it where it is. Faults are ordered one for one answer.
"""

import base64
import csv
import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from app.core.clock import Clock

PREFIX: Final = "/apisiasn/1.0"
TOKEN_PATH: Final = "/oauth2/token"  # noqa: S105 - An address.
KEY: Final = "sandbox-key"
SECRET: Final = "sandbox-secret"  # noqa: S105 - It opens nothing but the sandbox.
SSO: Final = "sandbox.sso.token"
LIFETIME: Final = timedelta(hours=1)
LOGIN: Final = "<!DOCTYPE html><html><head><title>Sign in to SIASN</title></head></html>"
INVENTED: Final = "RAHASIA"
# What nobody may read; each is filled with one word, which must be found nowhere else.
KEPT_FROM_READERS: Final = (
    "nik",
    "agama",
    "agamaId",
    "alamat",
    "email",
    "noHp",
    "noTelp",
    "noNpwp",
    "noTaspen",
    "noAskes",
    "gajiPokok",
    "tempatLahir",
    "statusPerkawinan",
    "jumlahIstriSuami",
    "jumlahAnak",
    "akteKelahiran",
    "kartuAsn",
)


class Fault(StrEnum):
    """What can go wrong with one answer."""

    APIM_EXPIRED = "apim_expired"
    CODE_ZERO = "code_zero"
    EMPTY = "empty"
    HTML = "html"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    SSO_EXPIRED = "sso_expired"
    WRONG_PERSON = "wrong_person"


@dataclass(frozen=True, slots=True)
class Invented:
    """An invented employee, as SIASN would tell of them."""

    nip: str
    name: str
    status: str = "PNS"
    standing: str = "Aktif"
    unor_id: str = ""
    position: str = ""
    title_before: str = ""
    title_after: str = ""


@dataclass(frozen=True, slots=True)
class InventedUnor:
    """An invented unit."""

    id: str
    name: str
    above: str | None = None


@dataclass(slots=True)
class Office:
    """SIASN's sandbox: whom it knows, what it was asked, and which faults are to come."""

    clock: Clock
    people: Sequence[Invented] = ()
    units: Sequence[InventedUnor] = ()
    appointed: Sequence[str] = ()
    # What becomes of the next answers, one each; None is a good one.
    faults: deque[Fault | None] = field(default_factory=deque)
    asked: list[str] = field(default_factory=list)
    tokens: dict[str, Any] = field(default_factory=dict)
    always: Fault | None = None

    def app(self) -> Starlette:
        """The server."""
        return Starlette(
            routes=[
                Route(TOKEN_PATH, self._token, methods=["POST"]),
                Route(f"{PREFIX}/pns/data-utama/{{nip}}", self._servant),
                Route(f"{PREFIX}/referensi/ref-unor", self._units),
                Route(f"{PREFIX}/pengadaan/list-pengadaan-instansi", self._appointments),
            ]
        )

    async def _token(self, request: Request) -> Response:
        told = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        form = (await request.body()).decode()
        if request.headers.get("authorization") != f"Basic {told}":
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        if form != "grant_type=client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, status_code=400)
        token = f"apim-{len(self.tokens) + 1}"
        self.tokens[token] = self.clock.now() + LIFETIME
        seconds = str(int(LIFETIME.total_seconds()))
        return JSONResponse(
            {"access_token": token, "token_type": "Bearer", "expires_in": seconds},
        )

    async def _servant(self, request: Request) -> Response:
        nip = request.path_params["nip"]
        found = next((each for each in self.people if each.nip == nip), None)
        return self._answer(request, None if found is None else _data_utama(found))

    async def _units(self, request: Request) -> Response:
        told = [
            {"Id": unit.id, "NamaUnor": unit.name, "DiatasanId": unit.above, "EselonId": "21"}
            for unit in self.units
        ]
        return self._answer(request, told)

    async def _appointments(self, request: Request) -> Response:
        if not request.query_params.get("tahun", "").isdigit():
            return _envelope(0, "", "Parameter tahun wajib diisi")
        told = [
            {"nip": nip, "nama": INVENTED, "tgl_pertek": "01-03-2026", "nik": INVENTED}
            for nip in self.appointed
        ]
        return self._answer(request, told)

    def _answer(self, request: Request, data: Any) -> Response:
        """An answer to whoever shows both tokens, unless a fault is due."""
        self.asked.append(request.url.path)
        fault = self.faults.popleft() if self.faults else self.always
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if fault is Fault.APIM_EXPIRED:
            self.tokens.pop(token, None)
            fault = None
        expires_at = self.tokens.get(token)
        if expires_at is None or expires_at <= self.clock.now():
            told = {"code": 900901, "message": "Invalid Credentials", "description": token}
            return JSONResponse({"fault": told}, status_code=401)
        if request.headers.get("auth") != f"bearer {SSO}":
            fault = Fault.SSO_EXPIRED
        if fault is not None:
            return _spoilt(fault)
        if data is None:
            return _envelope(0, "", "Data tidak ditemukan")
        return _envelope(1, data, "success")


def _spoilt(fault: Fault) -> Response:
    answers: Mapping[Fault, Response] = {
        Fault.CODE_ZERO: _envelope(0, None, f"Gagal membaca {INVENTED}"),
        Fault.EMPTY: Response(b"", media_type="application/json"),
        Fault.HTML: HTMLResponse(LOGIN),
        Fault.RATE_LIMITED: JSONResponse({}, status_code=429, headers={"Retry-After": "7"}),
        Fault.SERVER_ERROR: Response(status_code=500),
        Fault.SSO_EXPIRED: JSONResponse({"code": 0, "message": "token expired"}, status_code=401),
        Fault.WRONG_PERSON: _envelope(
            1, _data_utama(Invented("199001012020011009", "Orang Lain")), "success"
        ),
    }
    return answers[fault]


def _envelope(code: int, data: Any, message: str) -> Response:
    return Response(
        json.dumps({"code": code, "data": data, "message": message}),
        media_type="application/json",
    )


def _data_utama(person: Invented) -> dict[str, Any]:
    return {
        **dict.fromkeys(KEPT_FROM_READERS, INVENTED),
        "id": INVENTED,
        "nipBaru": person.nip,
        "nama": person.name,
        "gelarDepan": person.title_before,
        "gelarBelakang": person.title_after,
        "unorId": person.unor_id,
        "unorNama": "",
        "jabatanNama": person.position,
        "kedudukanPnsNama": person.standing,
        "statusPegawai": person.status,
        "tmtJabatan": "01-01-0001",
        "mkTahun": "05",
    }


def people_of(path: Path) -> list[Invented]:
    """The employees of a table as the registry imports it, invented ones by its maker's word."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(_people(csv.DictReader(file)))


def _people(rows: Iterable[Mapping[str, str]]) -> Iterable[Invented]:
    for row in rows:
        status = row["category"].upper().replace("_", " ")
        standing = "PPPK Aktif" if status.startswith("PPPK") else "Aktif"
        position = row.get("position") or ""
        yield Invented(row["nip"], row["name"], status, standing, position=position)
