"""Steering the sandbox under `/_sandbox`: its truth, faults to come, counts, states, follows."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.core.clock import Clock
from app.platforms.base import Platform
from app.platforms.sandbox.faults import (
    ONLY_OF,
    FailureRate,
    Fault,
    FaultOrder,
    Faults,
    RetryForm,
)
from app.platforms.sandbox.world import (
    AccountState,
    AccountUnknown,
    HandleTaken,
    Hiding,
    Knot,
    Truth,
    WorldAccount,
    count_at,
)

Share = Annotated[float, Field(ge=0, le=1)]


class FaultIn(BaseModel):
    """A fault to come; without `times` once, with null until cleared."""

    model_config = ConfigDict(extra="forbid")

    platform: Platform
    fault: Fault
    times: Annotated[int, Field(ge=1)] | None = 1
    seconds: Annotated[float, Field(ge=0, le=86_400)] | None = None
    form: RetryForm = "seconds"
    platform_id: str | None = None

    @model_validator(mode="after")
    def _offered(self) -> "FaultIn":
        if self.platform not in ONLY_OF.get(self.fault, {self.platform}):
            raise ValueError("this platform has no such fault")
        return self


class FailureRateIn(BaseModel):
    """The share of a platform's answers that is spoilt from now on; 0 ends it."""

    model_config = ConfigDict(extra="forbid")

    platform: Platform
    share: Share
    faults: Annotated[tuple[Fault, ...], Field(min_length=1)]
    seed: int = 0

    @model_validator(mode="after")
    def _offered(self) -> "FailureRateIn":
        if any(self.platform not in ONLY_OF.get(each, {self.platform}) for each in self.faults):
            raise ValueError("this platform has no such fault")
        return self


class HidingIn(BaseModel):
    """The share of its followers that an account's lists leave out from now on."""

    model_config = ConfigDict(extra="forbid")

    platform: Platform
    platform_id: str
    share: Share
    seed: int = 0
    redrawn_seconds: Annotated[int, Field(ge=1)] | None = None


class AccountIn(BaseModel):
    """An account that there is from now on."""

    model_config = ConfigDict(extra="forbid")

    platform: Platform
    platform_id: Annotated[str, Field(min_length=1)]
    handle: Annotated[str, Field(min_length=1)]
    display_name: Annotated[str, Field(min_length=1)]
    followers: Annotated[int, Field(ge=0)] = 0


class HandleIn(BaseModel):
    """The handle that an account has from now on; its old one is free for others."""

    model_config = ConfigDict(extra="forbid")

    platform: Platform
    platform_id: str
    handle: Annotated[str, Field(min_length=1)]


class CountIn(BaseModel):
    """The follower count that an account has from now on."""

    model_config = ConfigDict(extra="forbid")

    platform: Platform
    platform_id: str
    followers: Annotated[int, Field(ge=0)]


class FollowIn(BaseModel):
    """Whether one account follows another from now on, by their stable ids."""

    model_config = ConfigDict(extra="forbid")

    platform: Platform
    follower_id: str
    followed_id: str
    follows: bool


class StateIn(BaseModel):
    """What the platform says of an account from now on."""

    model_config = ConfigDict(extra="forbid")

    platform: Platform
    platform_id: str
    state: AccountState


def add_controls(app: FastAPI, truth: Truth, clock: Clock, faults: Faults) -> None:
    """Put the controls on the sandbox's application."""
    _add_faults(app, truth, clock, faults)
    _add_truths(app, truth, clock)
    _add_accounts(app, truth, clock)


def _add_faults(app: FastAPI, truth: Truth, clock: Clock, faults: Faults) -> None:

    @app.get("/_sandbox/truth")
    async def show_truth() -> dict[str, Any]:
        now = clock.now()
        accounts = [
            {
                "platform": account.platform,
                "platform_id": account.platform_id,
                "handle": account.handle,
                "display_name": account.display_name,
                "state": account.state,
                "followers": count_at(account, now),
            }
            for account in truth.accounts()
        ]
        return {"at": now.isoformat(), "accounts": accounts, "faults": _pending(faults)}

    @app.post("/_sandbox/faults")
    async def add_fault(body: FaultIn) -> list[dict[str, Any]]:
        faults.add(FaultOrder(**body.model_dump()))
        return _pending(faults)

    @app.post("/_sandbox/failing", status_code=204)
    async def set_rate(body: FailureRateIn) -> None:
        faults.fail(FailureRate(**body.model_dump()))

    @app.delete("/_sandbox/faults", status_code=204)
    async def clear_faults() -> None:
        faults.clear()


def _add_truths(app: FastAPI, truth: Truth, clock: Clock) -> None:
    @app.post("/_sandbox/counts", status_code=204)
    async def set_count(body: CountIn) -> None:
        try:
            truth.set_followers(body.platform, body.platform_id, body.followers, at=clock.now())
        except AccountUnknown as unknown:
            raise HTTPException(404, str(unknown)) from unknown

    @app.post("/_sandbox/follows", status_code=204)
    async def set_follow(body: FollowIn) -> None:
        named = (body.platform, body.follower_id, body.followed_id)
        truth.set_follow(*named, follows=body.follows, at=clock.now())

    @app.post("/_sandbox/states", status_code=204)
    async def set_state(body: StateIn) -> None:
        try:
            truth.set_state(body.platform, body.platform_id, body.state)
        except AccountUnknown as unknown:
            raise HTTPException(404, str(unknown)) from unknown


def _add_accounts(app: FastAPI, truth: Truth, clock: Clock) -> None:
    @app.post("/_sandbox/hiding", status_code=204)
    async def hide(body: HidingIn) -> None:
        hiding = Hiding(body.share, body.seed, body.redrawn_seconds)
        try:
            truth.hide(body.platform, body.platform_id, hiding)
        except AccountUnknown as unknown:
            raise HTTPException(404, str(unknown)) from unknown

    @app.post("/_sandbox/accounts", status_code=204)
    async def add_account(body: AccountIn) -> None:
        now = clock.now()
        account = WorldAccount(
            body.platform,
            body.platform_id,
            body.handle,
            body.display_name,
            created_at=now,
            knots=(Knot(now, body.followers),),
        )
        try:
            truth.add(account)
        except HandleTaken as taken:
            raise HTTPException(409, str(taken)) from taken

    @app.post("/_sandbox/handles", status_code=204)
    async def rename(body: HandleIn) -> None:
        try:
            truth.rename(body.platform, body.platform_id, body.handle)
        except AccountUnknown as unknown:
            raise HTTPException(404, str(unknown)) from unknown
        except HandleTaken as taken:
            raise HTTPException(409, str(taken)) from taken


def _pending(faults: Faults) -> list[dict[str, Any]]:
    return [asdict(order) for order in faults.pending()]
