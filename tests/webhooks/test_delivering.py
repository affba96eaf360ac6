"""Messages to a real receiver: thin, signed, in order, at least once, given up with a reason."""

import asyncio
import json
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.clock import SystemClock
from app.core.ids import new_id
from app.jobs.kinds import DeliverAllWebhooks, DeliverWebhook, Prune, encode
from app.webhooks.outbox import AT_ONCE, LEASE
from tests.connecting import KEYS
from tests.support import NOW
from tests.workers.scripts import queued
from workers.jobs import run_job

from .receiving import DROP, HOLD, Hooked

ROOT = Path(__file__).parents[2]
HOURS = timedelta(hours=1)
WORKER = """
import asyncio, sys
from uuid import UUID
from app.core.crypto import registry_keys_of
from app.core.db import Database, make_engine
from app.core.services import Services
from app.jobs.kinds import DeliverWebhook, encode
from app.settings import Settings
from workers.jobs import run_job

async def main():
    settings = Settings()
    database = Database(make_engine(settings.required_database_url()))
    job = DeliverWebhook(UUID(sys.argv[1]), UUID(sys.argv[2]))
    await run_job(Services(database, settings), job.kind, encode(job), 0)

asyncio.run(main())
"""


async def test_a_message_is_thin_signed_and_sent_once(hooked: Hooked):
    [unit] = await hooked.change()
    await hooked.deliver()
    [got] = hooked.receiver.got
    body = json.loads(got.body)
    [change] = (await hooked.api.get("/v1/changes")).json()["items"]
    assert body == {
        "type": "work_unit:created",
        "timestamp": NOW.isoformat(),
        "data": {"id": str(change["sequence"]), "subject_id": unit},
    }
    assert got.signed_by(hooked.hook["secret"])
    assert got.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert not got.signed_by("whsec_" + "A" * 43 + "=")
    [delivery] = await hooked.deliveries()
    assert (delivery["id"], delivery["state"], delivery["status"]) == (got.id, "delivered", 204)
    await hooked.deliver()
    assert len(hooked.receiver.got) == 1


async def test_the_next_waits_until_the_first_is_taken(hooked: Hooked):
    wanted = await hooked.change(3)
    hooked.receiver.answers = [503, DROP, 302, 400]
    troubles = []
    for _ in range(4):
        await hooked.deliver()
        # Nothing is tried again before its time.
        await hooked.deliver()
        first, *others = await hooked.deliveries()
        troubles.append(first["trouble"])
        assert [each["attempts"] for each in others] == [0, 0]
        await hooked.wait_for_next()
    assert troubles == ["server_error", "unreachable", "redirected", "refused"]
    await hooked.deliver()
    assert hooked.receiver.subjects() == [wanted[0]] * 5 + wanted[1:]
    assert len(set(hooked.receiver.ids()[:5])) == 1
    assert len(set(hooked.receiver.ids())) == 3
    # The redirect named another address, and nobody went there.
    assert {each.path for each in hooked.receiver.got} == {"/kabar"}
    assert (await hooked.show())["waiting"] == 0


async def test_a_slower_transaction_is_told_in_its_turn(hooked: Hooked):
    tenant_id, subjects = hooked.government.tenant_id, [new_id(), new_id()]

    def note(session, subject):
        kind = ChangeKind.WORK_UNIT_UPDATED
        record(session, kind, subject, tenant_id=tenant_id, actor="tests", at=NOW)

    async with hooked.services.database.transaction(tenant_id) as slow:
        note(slow, subjects[0])
        await slow.flush()
        async with hooked.services.database.transaction(tenant_id) as quick:
            note(quick, subjects[1])
        await hooked.deliver()
        assert hooked.receiver.got == []
    await hooked.deliver()
    assert hooked.receiver.subjects() == [str(each) for each in subjects]


async def test_more_changes_than_are_lined_up_at_once_are_all_told(hooked: Hooked):
    tenant_id, subjects = hooked.government.tenant_id, [new_id() for _ in range(AT_ONCE + 5)]
    async with hooked.services.database.transaction(tenant_id) as session:
        for subject in subjects:
            kind = ChangeKind.WORK_UNIT_UPDATED
            record(session, kind, subject, tenant_id=tenant_id, actor="tests", at=NOW)
            await session.flush()
    await hooked.deliver()
    assert hooked.receiver.subjects() == [str(each) for each in subjects]
    assert len(set(hooked.receiver.ids())) == len(subjects)


async def test_several_workers_send_each_message_once_and_one_at_a_time(hooked: Hooked):
    wanted = await hooked.change(6)
    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(hooked.deliver())
    await hooked.deliver()
    assert hooked.receiver.subjects() == wanted
    assert hooked.receiver.most == 1


async def test_what_nobody_takes_for_three_days_is_given_up_and_can_be_sent_again(hooked: Hooked):
    wanted = await hooked.change(2)
    begun = hooked.clock.at
    hooked.receiver.answers = [500] * 1000
    while (await hooked.deliveries())[:1] == [] or (await hooked.deliveries())[0][
        "state"
    ] != "dead":
        await hooked.deliver()
        waiting = await hooked.deliveries(state="waiting")
        if len(waiting) == 2:
            await hooked.wait_for_next()
    assert timedelta(hours=72) <= hooked.clock.at - begun < timedelta(hours=73)
    first, second = await hooked.deliveries()
    assert (first["trouble"], first["status"], first["next_attempt_at"]) == (
        "server_error", 500, None,
    )  # fmt: skip
    assert 12 < first["attempts"] < 60
    # The next one has its turn, and three days of its own.
    assert (second["state"], second["attempts"]) == ("waiting", 1)
    hooked.receiver.answers, before = [], len(hooked.receiver.got)
    path = f"/v1/webhooks/{hooked.hook['id']}/redeliver"
    again = await hooked.api.post(path, {"dead_since": begun.isoformat()})
    assert (again.status_code, again.json()) == (202, {"restarted": 1})
    await hooked.deliver()
    # What is older goes first, under the id that it had; the other one when its time has come.
    assert hooked.receiver.ids()[before:] == [first["id"]]
    await hooked.wait_for_next()
    await hooked.deliver()
    assert hooked.receiver.subjects()[before:] == wanted
    both = {"delivery_ids": [first["id"], second["id"]]}
    assert (await hooked.api.post(path, both)).json() == {"restarted": 2}
    await hooked.deliver()
    assert hooked.receiver.ids()[-2:] == [first["id"], second["id"]]
    unknown = await hooked.api.post(path, {"delivery_ids": [first["id"], hooked.hook["id"]]})
    assert unknown.status_code == 404


async def test_410_disables_an_endpoint_and_nothing_is_lost(hooked: Hooked):
    wanted = await hooked.change(2)
    hooked.receiver.answers = [410]
    await hooked.deliver()
    shown = await hooked.show()
    assert (shown["enabled"], shown["disabled"], shown["waiting"]) == (False, "gone", 2)
    wanted += await hooked.change()
    await hooked.deliver()
    assert len(hooked.receiver.got) == 1
    kinds = "SELECT kind FROM changes WHERE kind LIKE 'webhook:%' ORDER BY sequence"
    assert [each.kind for each in await hooked.rows(kinds)] == [
        "webhook:created", "webhook:disabled",
    ]  # fmt: skip
    hooked.clock.at += 100 * HOURS
    path = f"/v1/webhooks/{hooked.hook['id']}"
    enabled = await hooked.api.patch(path, {"enabled": True}, etag=f'"{shown["version"]}"')
    assert enabled.json()["enabled"] is True
    # Three days have passed, and yet one failure does not make a message dead.
    hooked.receiver.answers = [500]
    await hooked.deliver()
    await hooked.wait_for_next()
    await hooked.deliver()
    assert hooked.receiver.subjects()[2:] == wanted
    assert len(set(hooked.receiver.ids()[:3])) == 1


async def test_a_worker_that_is_killed_between_sending_and_writing_loses_nothing(hooked: Hooked):
    wanted = await hooked.change(2)
    hooked.receiver.answers = [HOLD]
    # A process of its own has the machine's clock.
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, str(hooked.government.tenant_id), hooked.hook["id"],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SIMEDSOS_DATABASE_URL": hooked.services.settings.required_database_url(),
            "SIMEDSOS_TOKEN_KEYS": KEYS,
            "SIMEDSOS_WEBHOOK_HTTP": "true",
            "SIMEDSOS_WEBHOOK_PRIVATE_HOSTS": "127.0.0.1",
        },
    )  # fmt: skip
    async with asyncio.timeout(60):
        await hooked.receiver.seen.wait()
    killed.send_signal(signal.SIGKILL)
    assert await killed.wait() == -signal.SIGKILL
    hooked.clock.at = SystemClock().now()
    # As long as its lease lasts it might still be alive.
    await hooked.deliver()
    assert len(hooked.receiver.got) == 1
    hooked.clock.at += LEASE
    await hooked.deliver()
    assert hooked.receiver.subjects() == [wanted[0], *wanted]
    assert hooked.receiver.ids()[0] == hooked.receiver.ids()[1]


async def test_a_worker_that_was_taken_for_dead_writes_nothing(hooked: Hooked):
    await hooked.change()
    hooked.receiver.answers = [HOLD]
    slow = asyncio.create_task(hooked.deliver())
    async with asyncio.timeout(10):
        await hooked.receiver.seen.wait()
    hooked.clock.at += LEASE
    await hooked.deliver()
    before = await hooked.deliveries()
    # Now its connection breaks, and it would put off what another one has delivered.
    hooked.receiver.release.set()
    await slow
    assert (before[0]["state"], before[0]["attempts"]) == ("delivered", 2)
    assert await hooked.deliveries() == before


async def test_the_handbook_verifies_as_it_says(hooked: Hooked):
    told = (ROOT / "docs" / "webhooks.md").read_text()
    names: dict[str, Any] = {}
    exec(told.partition("```python\n")[2].partition("```")[0], names)  # noqa: S102 - Our own page.
    verified, secret = names["verified"], hooked.hook["secret"]
    hooked.clock.at = SystemClock().now()
    await hooked.change()
    await hooked.deliver()
    [got] = hooked.receiver.got
    assert verified(secret, got.headers, got.body)
    assert not verified(secret, got.headers, got.body + b" ")
    other = (await hooked.api.post(f"/v1/webhooks/{hooked.hook['id']}/secret", {})).json()["secret"]
    assert not verified(other, got.headers, got.body)
    await hooked.change()
    await hooked.deliver()
    last = hooked.receiver.got[-1]
    assert verified(secret, last.headers, last.body)
    assert verified(other, last.headers, last.body)


async def test_while_a_secret_is_exchanged_both_sign(hooked: Hooked):
    old = hooked.hook["secret"]
    made = await hooked.api.post(f"/v1/webhooks/{hooked.hook['id']}/secret", {})
    assert made.status_code == 201, made.text
    new = made.json()["secret"]
    assert made.json()["old_secret_ends_at"].startswith("2026-11-25T03:00:00")
    for moved, signs in ((timedelta(0), (True, True)), (25 * HOURS, (False, True))):
        hooked.clock.at += moved
        await hooked.change()
        await hooked.deliver()
        got = hooked.receiver.got[-1]
        assert (got.signed_by(old), got.signed_by(new)) == signs
    # One that leaked ends at once.
    now = {"old_ends_at": hooked.clock.at.isoformat()}
    last = await hooked.api.post(f"/v1/webhooks/{hooked.hook['id']}/secret", now)
    await hooked.change()
    await hooked.deliver()
    got = hooked.receiver.got[-1]
    assert (got.signed_by(new), got.signed_by(last.json()["secret"])) == (False, True)


async def test_only_the_kinds_that_were_chosen_are_told(hooked: Hooked):
    await hooked.make(kinds=["work_unit:updated"])
    [unit] = await hooked.change()
    path = f"/v1/work-units/{unit}"
    etag = (await hooked.api.get(path)).headers["etag"]
    assert (await hooked.api.patch(path, {"name": "Lain"}, etag=etag)).status_code == 200
    await hooked.deliver()
    assert [json.loads(each.body)["type"] for each in hooked.receiver.got] == ["work_unit:updated"]


async def test_that_somebody_was_told_of_people_stands_in_the_trail(hooked: Hooked):
    [unit] = await hooked.change()
    from_unit = {"nip": "199001012024211001", "name": "A", "category": "pppk", "unit_id": unit}
    made = await hooked.api.post("/v1/employees", from_unit)
    assert made.status_code == 201, made.text
    employee = made.json()["id"]
    await hooked.deliver()
    assert hooked.receiver.subjects() == [unit, employee]
    assert b"199001012024211001" not in b"".join(each.body for each in hooked.receiver.got)
    trail = (await hooked.api.get("/v1/audit", kind="export", employee=employee)).json()["items"]
    assert [(each["operation"], each["actor"]) for each in trail] == [
        ("deliver_webhook", f"webhook:{hooked.hook['id']}")
    ]


async def test_every_minute_those_are_queued_that_have_something_to_be_told(hooked: Hooked):
    quiet = UUID((await hooked.make(kinds=["report:frozen"]))["id"])
    await hooked.change()
    # Its place moves on past what it is not told.
    await hooked.deliver()
    busy, first = UUID((await hooked.make())["id"]), await hooked.change()
    hooked.hook = {"id": str(quiet)}
    await hooked.deliver()
    job = DeliverAllWebhooks()
    await run_job(hooked.services, job.kind, encode(job), 0)
    found = {each.endpoint_id for each, _ in await queued(hooked.services, DeliverWebhook.kind)}
    assert busy in found
    assert quiet not in found
    hooked.hook = {"id": str(busy)}
    await hooked.deliver()
    assert hooked.receiver.subjects() == first


async def test_messages_are_forgotten_a_month_after_their_end(hooked: Hooked):
    await hooked.change(3)
    hooked.receiver.answers = [204, 500]
    await hooked.deliver()
    old = "UPDATE webhook_deliveries SET finished_at = now() - interval '31 days'"
    async with hooked.services.database.transaction(hooked.government.tenant_id) as session:
        connection = await session.connection()
        await connection.exec_driver_sql(f"{old} WHERE finished_at IS NOT NULL")
    await run_job(hooked.services, Prune.kind, encode(Prune()), 0)
    assert [each["state"] for each in await hooked.deliveries()] == ["waiting", "waiting"]
