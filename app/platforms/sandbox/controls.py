"""Steering the sandbox under `/_sandbox`: its truth, faults to come, counts, states, follows."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.core.clock import Clock
from app.platforms.base import Platform
from app.platforms.sandbox.faults import ONLY_OF, Fault, FaultOrder, Faults, RetryForm
from app.platforms.sandbox.world import AccountState, AccountUnknown, Truth, count_at


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
        truth.set_follow(body.platform, body.follower_id, body.followed_id, follows=body.follows)

    @app.post("/_sandbox/states", status_code=204)
    async def set_state(body: StateIn) -> None:
        try:
            truth.set_state(body.platform, body.platform_id, body.state)
        except AccountUnknown as unknown:
            raise HTTPException(404, str(unknown)) from unknown


def _pending(faults: Faults) -> list[dict[str, Any]]:
    return [asdict(order) for order in faults.pending()]
