"""Entering the simulated government through the API: people, accounts, official accounts, duty."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from app.core.clock import jakarta_day
from app.platforms.base import Platform
from app.platforms.sandbox.world import WorldAccount
from benchmarks.simulated.people import Official, Person
from benchmarks.simulated.service import Service

UNITS: Final = "code,name,parent_code\n16,Provinsi,\n16.01,Dinas Satu,16\n16.02,Dinas Dua,16\n"
POLL_EVERY: Final = timedelta(hours=1)
# A day before the campaign: an attestation holds from the end of its day.
ATTESTED_BEFORE: Final = timedelta(days=2)
STALE_AFTER_DAYS: Final = 14


@dataclass(slots=True)
class Registry:
    """What the service's ids stand for in the world."""

    service: Service
    accounts: dict[UUID, WorldAccount] = field(default_factory=dict)
    officials: dict[UUID, Official] = field(default_factory=dict)
    campaign_id: str = ""

    async def begin(self, people: Sequence[Person], officials: Sequence[Official]) -> None:
        """Enter the first roster, and ask of it to follow every official account."""
        await self._import("work_units", UNITS)
        first = [each for each in people if not each.arrives]
        await self._import_people(first)
        day = jakarta_day(self.service.timeline.clock.at - ATTESTED_BEFORE)
        await self._import("accounts", _table("nip,platform,account,attested_on", (
            (each.nip, account.platform, account.handle, day if each.attested else "")
            for each in first
            for account in each.accounts
        )))  # fmt: skip
        await self._learn_accounts(people)
        for official in officials:
            await self._enter_official(official)
        await self._ask()

    async def let_in(self, person: Person) -> None:
        """Enter somebody who comes late, account by account, and add them to the roster."""
        await self._import_people([person])
        asked = {"nips": [person.nip]}
        found = await self.service.send("POST", "/v1/employees/lookup", json=asked)
        employee_id = found["items"][0]["id"]
        for account in person.accounts:
            body = {"account": account.handle, "platform": account.platform}
            made = await self.service.send(
                "POST", f"/v1/employees/{employee_id}/accounts", json=body
            )
            self.accounts[UUID(made["id"])] = account
            if person.attested:
                today = jakarta_day(self.service.timeline.clock.at)
                word = {"method": "attestation", "attested_on": today.isoformat()}
                path = f"/v1/accounts/{made['id']}/verification"
                await self.service.send("POST", path, json=word)
        act = {"add": [str(employee_id)], "officer": "Petugas", "reason": "pegawai baru"}
        await self.service.send("POST", f"/v1/campaigns/{self.campaign_id}/members", json=act)
        await self.service.work()

    async def _import_people(self, people: Iterable[Person]) -> None:
        rows = ((each.nip, "Pegawai", "pppk", f"16.0{1 + each.number % 2}") for each in people)
        await self._import("employees", _table("nip,name,category,unit_code", rows))

    async def _import(self, kind: str, table: str) -> None:
        made = await self.service.upload("/v1/imports", table.encode(), "file.csv", kind=kind)
        assert made["rejected"] == 0, made
        await self.service.work()

    async def _learn_accounts(self, people: Sequence[Person]) -> None:
        known = {
            (each.platform.value, each.handle): each
            for person in people
            for each in person.accounts
        }
        for row in await self.service.rows("SELECT id, platform, handle FROM accounts"):
            self.accounts[row.id] = known[row.platform, row.handle]

    async def _enter_official(self, official: Official) -> None:
        account = official.account
        body: dict[str, Any] = {
            "account": account.handle,
            "platform": account.platform,
            "platform_id": account.platform_id,
            "name": f"{account.handle} {account.platform}",
            "owner_kind": "office",
            "opened_at": account.created_at.date().isoformat(),
            "poll_interval_seconds": int(POLL_EVERY.total_seconds()),
            "read_list": account.platform in {Platform.BLUESKY, Platform.MASTODON, Platform.X},
        }
        made = await self.service.send("POST", "/v1/official-accounts", json=body)
        self.officials[UUID(made["id"])] = official
        # On Instagram the custodian has connected nothing, so that exports alone can tell.
        if account.platform in {Platform.MASTODON, Platform.X, Platform.TIKTOK}:
            self.service.tokens[UUID(made["id"])] = official.token

    async def _ask(self) -> None:
        now = self.service.timeline.clock.at
        body = {
            "title": "Ikuti akun resmi",
            "legal_basis": "Surat Edaran Gubernur",
            "document_number": "555/1/2026",
            "starts_at": (now - timedelta(hours=1)).isoformat(),
            "ends_at": (now + timedelta(days=180)).isoformat(),
            "expected_gain": 100,
            "stale_after_days": STALE_AFTER_DAYS,
            "cohort": {"categories": ["pppk"]},
            "duties": [{"kind": "follow"}],
            "official_account_ids": [str(each) for each in self.officials],
        }
        made = await self.service.send("POST", "/v1/campaigns", json=body)
        self.campaign_id = made["id"]


def _table(heading: str, rows: Iterable[Sequence[object]]) -> str:
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(heading.split(","))
    writer.writerows(rows)
    return table.getvalue()
