"""Saya: what is kept of the reader, what is known of them, and what they can say to it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Request, Response

from app.dashboard.asking import Api, ApiDep, Refused
from app.dashboard.pages import ReaderDep
from app.dashboard.people import disputable, key_of, typed_of
from app.dashboard.rendering import HEADERS, Reader, page
from app.dashboard.routing import pages_router

router = pages_router()
SHOWN: Final = 50
ORDER: Final = ("unmet", "disputed", "met", "unknown")
# The platforms whose export tells its owner whom they follow.
PROVABLE: Final = frozenset({"instagram", "mastodon", "threads", "tiktok", "x", "youtube"})
# What a form has just done, so that the page says so once.
DONE: Final = frozenset({
    "akun", "koreksi", "tarik", "bukti", "sanggahan", "permintaan", "persetujuan-ditarik",
})  # fmt: skip
Done = Annotated[str, Query(max_length=40)]


@router.get("/saya")
async def show_me(request: Request, reader: ReaderDep, api: ApiDep, selesai: Done = "") -> Response:
    """Everything about the reader that people ask for first."""
    return await me(request, reader, api, done=selesai if selesai in DONE else "")


async def me(
    request: Request,
    reader: Reader,
    api: Api,
    *,
    form: str = "",
    refused: Refused | None = None,
    done: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:
    """The reader's page; after a refusal with the form that was sent, as it was typed."""
    told = await api.get("/v1/me")
    accounts = (await api.get("/v1/me/accounts"))["items"]
    verdicts = await api.get("/v1/me/verdicts")
    disputes = (await api.get("/v1/me/disputes"))["items"]
    requests = (await api.get("/v1/me/requests"))["items"]
    consents = (await api.get("/v1/me/connections"))["items"]
    open_ones = disputable(verdicts["items"])
    return page(
        request,
        "me.html",
        reader=reader,
        status=refused.status if refused else 200,
        told=told,
        accounts=accounts,
        verdicts=sorted(({**each, "key": key_of(each)} for each in verdicts["items"]), key=_place),
        paused=verdicts["paused"],
        disputes=list(reversed(disputes)),
        requests=list(reversed(requests)),
        consents={each["account_id"]: each for each in consents},
        provable=PROVABLE,
        disputable=open_ones,
        waiting=_waiting(told["employee"], accounts, open_ones),
        form=form,
        refused=refused,
        done=done,
        typed=typed_of(**(typed or {})),
        nothing=typed_of(),
    )


def _place(verdict: Mapping[str, Any]) -> int:
    """Where a status stands on the page: first what the reader may want to answer."""
    if verdict["excuse"]:
        return len(ORDER)
    return ORDER.index("disputed" if verdict["disputed"] else verdict["verdict"])


def _waiting(
    employee: Mapping[str, Any],
    accounts: list[dict[str, Any]],
    open_ones: list[dict[str, Any]],
) -> list[str]:
    """What the reader could do now, the first thing first."""
    found = []
    if employee["declaration"] in {"not_asked", "undeclared"}:
        found.append("declare")
    states = {each["state"] for each in accounts}
    if states & {"missing", "renamed"}:
        found.append("correct")
    if "contested" in states:
        found.append("contested")
    if any(each["duty"] == "follow" for each in open_ones):
        found.append("look")
    return found


@router.get("/saya/jejak")
async def show_my_trail(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    *,
    semua: Annotated[bool, Query()] = False,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Who has looked at the reader or changed their record; their own looks only on wish."""
    others = None if semua else "true"
    found = await api.get("/v1/me/trail", others=others, cursor=cursor, limit=SHOWN)
    return page(
        request,
        "me_trail.html",
        reader=reader,
        entries=found["items"],
        cursor=found["next"],
        semua=semua,
    )


@router.get("/saya/unduh")
async def download_mine(request: Request, _: ReaderDep, api: ApiDep) -> Response:
    """All that is kept of the reader, as a file."""
    told = await api.get("/v1/me/download")
    now: datetime = request.app.state.services.clock.now()
    name = f"data-saya-{now:%Y-%m-%d}.json"
    return Response(
        json.dumps(told, ensure_ascii=False, indent=2),
        media_type="application/json",
        headers={**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'},
    )


async def consent_page(
    request: Request, reader: Reader, api: Api, account_id: UUID, told: Mapping[str, Any]
) -> Response:
    """Where the reader goes on to the platform; a form may not lead to another host by itself."""
    accounts = (await api.get("/v1/me/accounts"))["items"]
    account = next(each for each in accounts if each["id"] == str(account_id))
    return page(request, "me_consent.html", reader=reader, account=account, told=told)
