"""A government that changes from day to day, by acts that a seed chooses."""

import random
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

from app.core.clock import jakarta_day
from app.platforms.base import Follower, PairReading
from tests.api.exports import export
from tests.api.test_compliance import CITIZENS, LONG_AGO, START, judge, upload
from tests.api.test_growth import read_count
from tests.api.test_membership import ATTESTED
from tests.support import Api, nip
from tests.workers.scripts import Script, list_of, pairs_of, run

OFFICER = {"officer": "Kepala BKD", "reason": "Nota dinas 12/2026"}
HANDLES = ("satu", "dua", "tiga", "empat", "delapan", "baru1", "baru2", "baru3")
DIVISIONS = ("work_unit", "category", "official_account", "platform")
FINE = {200, 201, 204}
REFUSED = {404, 409, 422}


class Year:
    """One government; each act happens at a moment of its own."""

    def __init__(self, api: Api, services: Any, government: Any, seed: int, **rest: Any) -> None:
        self.api, self.services, self.government = api, services, government
        self.clock = services.clock
        self.chance = random.Random(seed)  # noqa: S311 - The same seed makes the same history.
        self.official: dict[str, Any] = rest["official"]
        self.governor: dict[str, Any] = rest["governor"]
        self.campaign: dict[str, Any] = rest["campaign"]
        self.script = Script()
        self.newest = 9
        self.done: dict[str, int] = {}
        self.deck: list[Callable[[], Awaitable[int]]] = []

    async def people(self) -> list[dict[str, Any]]:
        return (await self.api.get("/v1/employees")).json()["items"]

    async def accounts(self) -> list[dict[str, Any]]:
        return (await self.api.get("/v1/accounts")).json()["items"]

    async def edit(self, path: str, fields: dict[str, Any]) -> int:
        etag = (await self.api.get(path)).headers["etag"]
        return (await self.api.patch(path, fields, etag=etag)).status_code

    async def some_person(self) -> dict[str, Any]:
        return self.chance.choice(await self.people())

    def some_followers(self) -> list[tuple[str, Any]]:
        handles = self.chance.sample(HANDLES, self.chance.randint(1, len(HANDLES)))
        return [*((each, LONG_AGO) for each in handles), *CITIZENS[: self.chance.randint(25, 40)]]

    async def edit_a_person(self) -> int:
        person = await self.some_person()
        units = (await self.api.get("/v1/work-units")).json()["items"]
        fields = self.chance.choice(
            [
                {"name": f"Pegawai {self.chance.randint(10, 99)}"},
                {"unit_id": self.chance.choice(units)["id"]},
                {"standing": self.chance.choice(["active", "on_leave", "study"])},
                {"category": self.chance.choice(["pns", "pppk"])},
                {"declaration": "declared_none"},
            ]
        )
        return await self.edit(f"/v1/employees/{person['id']}", fields)

    async def correct_a_nip(self) -> int:
        person = await self.some_person()
        fields = {"nip": nip(500 + self.chance.randint(1, 400))}
        return await self.edit(f"/v1/employees/{person['id']}", fields)

    async def edit_a_unit(self) -> int:
        units = (await self.api.get("/v1/work-units")).json()["items"]
        unit, other = self.chance.choice(units), self.chance.choice(units)
        fields = self.chance.choice(
            [{"name": f"Dinas {self.chance.randint(1, 99)}"}, {"parent_id": other["id"]}]
        )
        return await self.edit(f"/v1/work-units/{unit['id']}", fields)

    async def declare(self) -> int:
        person = await self.some_person()
        path = f"/v1/employees/{person['id']}/accounts"
        account = {"account": f"@{self.chance.choice(HANDLES)}", "platform": "instagram"}
        return (await self.api.post(path, account)).status_code

    async def verify(self) -> int:
        account = self.chance.choice(await self.accounts())
        answer = await self.api.post(f"/v1/accounts/{account['id']}/verification", ATTESTED)
        return answer.status_code

    async def retire(self) -> int:
        account = self.chance.choice(await self.accounts())
        return (await self.api.delete(f"/v1/accounts/{account['id']}")).status_code

    async def read_a_list(self) -> int:
        followers = [Follower(f"id-{name}", name) for name, _ in self.some_followers()]
        self.script.count = (len(followers) + self.chance.choice([0, 0, 9]),)
        self.script.pages = (followers,)
        await run(self.services, self.script, list_of(self.government, self.official, self.now()))
        return 200

    async def upload_a_list_late(self) -> int:
        followers = self.some_followers()
        taken_at = self.now() - timedelta(hours=self.chance.randint(1, 72))
        await read_count(self.api, self.official, taken_at, followers=len(followers))
        answer = await upload(self.api, self.official, export(followers), taken_at)
        return answer.status_code

    async def set_controls(self) -> int:
        path = f"/v1/official-accounts/{self.official['id']}/controls"
        live = [each["id"] for each in await self.accounts() if each["state"] == "verified"]
        wanted = {"present": live[:1] if self.chance.random() < 0.5 else [], "absent": []}
        etag = (await self.api.get(path)).headers["etag"]
        return (await self.api.put(path, wanted, If_Match=etag)).status_code

    async def ask_about_pairs(self) -> int:
        told = {handle: self.chance.random() < 0.5 for handle in HANDLES}
        self.script.following = lambda each: PairReading(told.get(each.handle, False), "script")
        await run(self.services, self.script, pairs_of(self.government, self.official, self.now()))
        return 200

    async def read_a_count(self) -> int:
        account = self.chance.choice([self.official, self.governor])
        followers = self.chance.choice([3, 40, 41, 60, 3])
        body = {
            "observed_at": (self.now() - timedelta(minutes=1)).isoformat(),
            "attested_by": "Humas",
            "raw": "x",
            "followers": followers,
        }
        path = f"/v1/official-accounts/{account['id']}/snapshots"
        return (await self.api.post(path, body)).status_code

    async def excuse(self) -> int:
        person = await self.some_person()
        body = {
            "campaign_id": self.campaign["id"],
            "employee_id": person["id"],
            "duty": self.chance.choice([None, "follow"]),
            "reason": "Rawat inap",
            "document_number": "800/12/2026",
            "starts_on": self.day(self.chance.randint(-3, 0)).isoformat(),
            "ends_on": self.day(self.chance.randint(3, 6)).isoformat(),
            "granted_by": "Kepala BKD",
        }
        return (await self.api.post("/v1/excuses", body)).status_code

    async def standing(self, path: str) -> list[dict[str, Any]]:
        found = (await self.api.get(path)).json()["items"]
        return [each for each in found if each["withdrawn_at"] is None]

    async def withdraw_an_excuse(self) -> int:
        excuses = await self.standing("/v1/excuses")
        if not excuses:
            return 404
        path = f"/v1/excuses/{self.chance.choice(excuses)['id']}/withdrawal"
        body = {"reason": "Keliru", "withdrawn_by": "Kepala BKD"}
        return (await self.api.post(path, body)).status_code

    async def dispute(self) -> int:
        path = f"/v1/campaigns/{self.campaign['id']}/employees"
        unmet = (await self.api.get(path, verdict="unmet", duty="follow")).json()["items"]
        if not unmet:
            return 404
        body = {
            "campaign_id": self.campaign["id"],
            "employee_id": self.chance.choice(unmet)["id"],
            "duty": "follow",
            "official_account_id": self.official["id"],
            "text": "Saya sudah mengikuti.",
            "received_by": "Admin OPD",
        }
        return (await self.api.post("/v1/disputes", body)).status_code

    async def decide(self) -> int:
        disputes = (await self.api.get("/v1/disputes")).json()["items"]
        if not disputes:
            return 404
        path = f"/v1/disputes/{self.chance.choice(disputes)['id']}/decision"
        outcome = self.chance.choice(["upheld", "dismissed"])
        body = {"outcome": outcome, "reason": "Sesuai berkas", "decided_by": "Kepala BKD"}
        return (await self.api.post(path, body)).status_code

    async def declare_a_window(self) -> int:
        first = self.chance.randint(-1, 2)
        body = {
            "starts_on": self.day(first).isoformat(),
            "ends_on": self.day(first + 1).isoformat(),
            "legal_basis": "UU 10/2016 Pasal 71",
            "document_number": "273/2026",
        }
        return (await self.api.post("/v1/neutrality-windows", body)).status_code

    async def withdraw_a_window(self) -> int:
        windows = await self.standing("/v1/neutrality-windows")
        if not windows:
            return 404
        path = f"/v1/neutrality-windows/{self.chance.choice(windows)['id']}/withdrawal"
        return (await self.api.post(path, OFFICER)).status_code

    async def edit_the_campaign(self) -> int:
        ends_at = START + timedelta(days=self.chance.randint(60, 90))
        fields: dict[str, Any] = self.chance.choice(
            [
                {"title": f"Ikuti {self.chance.randint(1, 99)}"},
                {"expected_gain": self.chance.randint(1, 99)},
                {"ends_at": ends_at.isoformat()},
                {"stale_after_days": self.chance.randint(1, 30)},
            ]
        )
        return await self.edit(f"/v1/campaigns/{self.campaign['id']}", fields)

    async def edit_the_official_account(self) -> int:
        fields = {"name": f"Pemprov {self.chance.randint(1, 99)}"}
        return await self.edit(f"/v1/official-accounts/{self.official['id']}", fields)

    async def hire(self) -> int:
        unit = self.chance.choice((await self.api.get("/v1/work-units")).json()["items"])
        self.newest += 1
        body = {
            "nip": nip(self.newest),
            "name": f"Pegawai {self.newest}",
            "category": "pppk",
            "unit_id": unit["id"],
        }
        return (await self.api.post("/v1/employees", body)).status_code

    async def change_the_roster(self) -> int:
        path = f"/v1/campaigns/{self.campaign['id']}/members"
        show, field = self.chance.choice([("joiners", "add"), ("leavers", "leave")])
        found = [each["id"] for each in (await self.api.get(path, show=show)).json()["items"]]
        if not found:
            return 404
        return (await self.api.post(path, {**OFFICER, field: found[:1]})).status_code

    async def extend(self) -> int:
        person = await self.some_person()
        body = {
            "employee_id": person["id"],
            "due_on": self.day(self.chance.randint(1, 9)).isoformat(),
            **OFFICER,
        }
        path = f"/v1/campaigns/{self.campaign['id']}/extensions"
        return (await self.api.post(path, body)).status_code

    def now(self) -> Any:
        return self.clock.at

    def day(self, later: int) -> date:
        return jakarta_day(self.clock.at) + timedelta(days=later)

    def acts(self) -> list[Callable[[], Awaitable[int]]]:
        return [
            self.edit_a_person, self.correct_a_nip, self.edit_a_unit, self.declare, self.verify,
            self.retire,
            self.read_a_list, self.upload_a_list_late, self.set_controls, self.ask_about_pairs,
            self.read_a_count, self.excuse, self.withdraw_an_excuse, self.dispute, self.decide,
            self.declare_a_window, self.withdraw_a_window, self.edit_the_campaign,
            self.edit_the_official_account, self.hire, self.change_the_roster, self.extend,
        ]  # fmt: skip

    async def live_a_day(self) -> None:
        """Some acts, each a while after the other, and most evenings a judgement.

        Every act has its turn before one comes again.
        """
        evening = self.clock.at + timedelta(days=1)
        for _ in range(6):
            if not self.deck:
                self.deck = self.chance.sample(self.acts(), len(self.acts()))
            act = self.deck.pop()
            self.clock.at += timedelta(minutes=self.chance.randint(1, 120))
            status = await act()
            assert status in FINE | REFUSED, (act.__name__, status)
            if status in FINE:
                self.done[act.__name__] = self.done.get(act.__name__, 0) + 1
        self.clock.at = evening
        if self.chance.random() < 0.8:
            await judge(self.services, self.government, self.campaign)

    async def told(self, api: Api, **moments: str) -> dict[str, Any]:
        """Every answer that takes moments, by its path."""
        campaign = f"/v1/campaigns/{self.campaign['id']}"
        paths = [f"{campaign}/progress"]
        paths += [f"{campaign}/recap?by={division}" for division in DIVISIONS]
        paths += [f"{campaign}/employees{chosen}" for chosen in ("", "?flag=excused")]
        paths += [f"{campaign}/employees?flag=disputed"]
        for account in (self.official, self.governor):
            asked = f"from=2026-11-10T00:00:00Z&expected_gain=9&campaign={self.campaign['id']}"
            paths.append(f"/v1/official-accounts/{account['id']}/growth?{asked}")
        paths += [f"/v1/employees/{each['id']}/verdicts" for each in (await self.people())[:4]]
        answers = {}
        for path in paths:
            extra = "&".join(f"{name}={value}" for name, value in moments.items())
            answer = await api.get(f"{path}{'&' if '?' in path else '?'}{extra}")
            answers[path] = (answer.status_code, answer.json())
        return answers
