"""A campaign whose employee 7 has declared nothing, with a mail server that takes reminders."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from app.core.clock import SettableClock
from app.core.services import Services
from app.jobs.kinds import DeliverReminders, PlanReminders, encode
from app.settings import Settings
from tests.api.test_compliance import (
    START,
    account,  # noqa: F401
    judge,
    make_campaign,
    registry,  # noqa: F401
)
from tests.mail_server import MailServer, mail_server
from tests.support import Api, Government
from workers.jobs import run_job

KEYS = f"k1:{base64.b64encode(b'1' * 32).decode()}"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# The campaign begins at 07.00 WIB; the first turn is a week later, at the end of quiet hours.
FIRST = START + 7 * DAY
PLAN = {"enabled": True, "set_by": "Kepala BKD"}


@dataclass
class Reminding:
    """The office that reminds, its clock and its mail server."""

    api: Api
    services: Services
    government: Government
    clock: SettableClock
    mail: MailServer
    people: dict[str, str]
    official: dict[str, Any]
    campaign: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/v1/campaigns/{self.campaign['id']}/reminders"

    async def put_plan(self, **changes: Any) -> Any:
        etag = (await self.api.get(self.path)).headers["etag"]
        answer = await self.api.put(self.path, {**PLAN, **changes}, etag=etag)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def reach(self, number: str, email: str | None, phone: str | None = None) -> None:
        path = f"/v1/employees/{self.people[number]}/contact"
        etag = (await self.api.get(path)).headers["etag"]
        body = {"email": email, "phone": phone, "set_by": "Admin"}
        answer = await self.api.put(path, body, etag=etag)
        assert answer.status_code == 200, answer.text

    async def head(self, number: str | None, code: str = "16.02") -> None:
        units = (await self.api.get("/v1/work-units")).json()["items"]
        unit = next(each["id"] for each in units if each["code"] == code)
        path = f"/v1/work-units/{unit}/head"
        etag = (await self.api.get(path)).headers["etag"]
        body = {"employee_id": self.people[number] if number else None, "set_by": "Kepala BKD"}
        answer = await self.api.put(path, body, etag=etag)
        assert answer.status_code == 200, answer.text

    async def plan_now(self, at: datetime | None = None) -> None:
        self.clock.at = at or self.clock.at
        campaign_id = self.campaign["id"]
        job = PlanReminders(self.government.tenant_id, campaign_id, cause="test")
        await run_job(self.services, job.kind, encode(job), 0)

    async def deliver(self, at: datetime | None = None) -> None:
        self.clock.at = at or self.clock.at
        job = DeliverReminders()
        await run_job(self.services, job.kind, encode(job), 0)

    async def run(self, at: datetime | None = None) -> None:
        """Plan and deliver, as the cron lines do."""
        await self.plan_now(at)
        await self.deliver()

    async def judge(self) -> None:
        await judge(self.services, self.government, self.campaign)

    async def history(self, **params: Any) -> list[dict[str, Any]]:
        answer = await self.api.get(f"{self.path}/history", **params)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def states(self) -> list[str]:
        """What has become of each reminder, with the reason of those that were stopped."""
        return [
            each["state"] + (f":{each['stop_reason']}" if each["stop_reason"] else "")
            for each in await self.history()
        ]

    @property
    def recipients(self) -> list[str]:
        return [address for _, recipients, _ in self.mail.taken for address in recipients]

    @property
    def letters(self) -> list[str]:
        return [str(each.get_content()).replace("\r\n", "\n") for _, _, each in self.mail.taken]


def settings_for(mail: MailServer, **more: Any) -> Settings:
    return Settings(
        token_keys=SecretStr(KEYS),
        smtp_host="127.0.0.1",
        smtp_port=mail.port,
        smtp_sender="BKD Sumsel <bkd@oganilir.go.id>",
        smtp_tls="none",
        **more,
    )


@pytest.fixture
async def mail() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


@pytest.fixture
async def office(
    api: Api,
    services: Services,
    government: Government,
    clock: SettableClock,
    mail: MailServer,
    registry: dict[str, str],
    account: dict[str, Any],
) -> Reminding:
    """A plan that is in force since the day after the campaign's start."""
    services.settings = settings_for(mail)
    # Nobody is asked before they are on the roster.
    clock.at = START
    campaign = await make_campaign(api, account)
    made = Reminding(api, services, government, clock, mail, registry, account, campaign)
    clock.at = START + DAY
    await made.reach("7", "tujuh@oganilir.go.id")
    await made.put_plan()
    await made.judge()
    return made
