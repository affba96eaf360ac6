"""Akun resmi: how followers have grown, and how exactly that is known."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.core.clock import JAKARTA
from app.dashboard.asking import Api, ApiDep, Refused
from app.dashboard.overview import all_campaigns, chosen
from app.dashboard.pages import ReaderDep
from app.dashboard.rendering import page
from app.dashboard.routing import pages_router

router = pages_router()
DAYS_SHOWN = 90
LONGEST_DAYS = 1825
BY_DAY = timedelta(days=1)
# A chart of so many days is drawn in steps of so long; by days, they are those of Jakarta.
STEPS = (
    (timedelta(days=3), timedelta(minutes=15)),
    (timedelta(days=14), timedelta(hours=1)),
    (timedelta(days=LONGEST_DAYS), BY_DAY),
)
MENDABLE = frozenset({409, 412, 422})


@router.get("/akun-resmi")
async def list_accounts(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Every official account, with its growth in the campaign that runs."""
    found = await api.get("/v1/official-accounts", cursor=cursor, limit=100)
    campaign, growth = await _running(api)
    return page(
        request,
        "accounts.html",
        reader=reader,
        accounts=found["items"],
        cursor=found["next"],
        campaign=campaign,
        growth=growth,
    )


async def _running(api: Api) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The latest campaign that the reader may see, and the growth of its accounts by id."""
    if await api.maybe("/v1/campaigns", limit=1) is None:
        return None, {}
    campaign = chosen(await all_campaigns(api), None)
    told = await api.maybe(f"/v1/campaigns/{campaign['id']}/progress") if campaign else None
    if told is None:
        return campaign, {}
    return campaign, {each["official_account_id"]: each for each in told["official_accounts"]}


@router.get("/akun-resmi/{account_id}")
async def show_account(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    account_id: UUID,
    days: Annotated[int, Query(ge=1, le=LONGEST_DAYS)] = DAYS_SHOWN,
) -> Response:
    """Its readings as a chart and a table, and what its growth is laid to."""
    return await _one(request, reader, api, account_id, days=days)


async def _one(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    account_id: UUID,
    *,
    days: int = DAYS_SHOWN,
    typed: dict[str, str] | None = None,
    refused: Refused | None = None,
) -> Response:
    path = f"/v1/official-accounts/{account_id}"
    account = await api.get(path)
    campaign, growth = await _running(api)
    now: datetime = request.app.state.services.clock.now()
    since = now - timedelta(days=days)
    step = next(each for length, each in STEPS if timedelta(days=days) <= length)
    window = {"from": since.isoformat(), "to": now.isoformat()}
    told = await api.get(
        f"{path}/snapshots",
        **window,
        step=int(step.total_seconds()),
        tz="Asia/Jakarta" if step == BY_DAY else None,
    )
    steps = _from_first_reading(told["items"])
    grown = growth.get(str(account_id))
    return page(
        request,
        "account.html",
        reader=reader,
        status=refused.status if refused else 200,
        account=account,
        campaign=campaign,
        growth=grown,
        days=days,
        steps=steps,
        chart=_chart(steps, grown),
        readings=[each for each in reversed(steps) if each["followers_min"] is not None][:60],
        typed=typed or dict.fromkeys(("followers", "observed_at", "attested_by", "raw"), ""),
        refused=refused,
    )


def _from_first_reading(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps since somebody first looked: before that there is no gap, but nothing."""
    first = next((i for i, each in enumerate(steps) if each["followers_min"] is not None), 0)
    return steps[first:]


def _chart(steps: list[dict[str, Any]], growth: dict[str, Any] | None) -> dict[str, Any]:
    """What pages.js draws: both ends of each reading with the band between, and lines to reach."""
    times = [int(datetime.fromisoformat(each["start"]).timestamp()) for each in steps]
    series = [
        {"kind": "line", "values": [each["followers_min"] for each in steps]},
        {"kind": "band", "values": [each["followers_max"] for each in steps]},
    ]
    if growth is not None and growth["baseline"] is not None:
        baseline = growth["baseline"]["min"]
        series.append({"kind": "reference", "values": [baseline] * len(times)})
        if growth["expected_gain"]:
            target = [baseline + growth["expected_gain"]] * len(times)
            series.append({"kind": "reference", "values": target})
    return {"times": times, "series": series}


@router.post("/akun-resmi/{account_id}/bacaan")
async def record_reading(
    request: Request,
    reader: ReaderDep,
    api: ApiDep,
    account_id: UUID,
    csrf: Annotated[str, Form(max_length=200)],
    followers: Annotated[str, Form(max_length=20)] = "",
    observed_at: Annotated[str, Form(max_length=30)] = "",
    attested_by: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """Keep what an officer has read off the platform."""
    digits = followers.replace(".", "").replace(",", "").strip()
    typed = {
        "followers": followers, "observed_at": observed_at, "attested_by": attested_by, "raw": "",
    }  # fmt: skip
    body = {
        "followers": int(digits) if digits.isascii() and digits.isdigit() else digits,
        "observed_at": in_jakarta(observed_at),
        "attested_by": attested_by,
        "raw": followers,
    }
    try:
        await api.send("POST", f"/v1/official-accounts/{account_id}/snapshots", body, csrf=csrf)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _one(request, reader, api, account_id, typed=typed, refused=refused)
    return RedirectResponse(f"/akun-resmi/{account_id}", 303)


def in_jakarta(text: str) -> str:
    """A moment as a browser's field writes it, which bears no offset, on the clocks of Jakarta."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=JAKARTA).isoformat()
    except ValueError:
        return text
