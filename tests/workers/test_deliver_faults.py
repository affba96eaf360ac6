"""Deliveries that fail, crash or meet another worker: tried again, ended, never lost or doubled."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.core.crypto import Place, keyring_of
from app.core.services import Services
from app.jobs.kinds import DeliverReminders, PlanAllReminders, PlanReminders, encode
from app.main import create_app
from app.reminders import outbox
from app.reminders.rules import MAX_ATTEMPTS
from tests.api.test_compliance import account, registry  # noqa: F401
from tests.conftest import make_government
from tests.mail_server import MailServer
from tests.reminding import (  # noqa: F401
    DAY,
    FIRST,
    HOUR,
    KEYS,
    PLAN,
    Reminding,
    mail,
    office,
    settings_for,
)  # fmt: skip
from tests.support import Api, Government, nip
from workers.deliver import deliver, own_channels
from workers.jobs import run_job

TUJUH = "tujuh@oganilir.go.id"


async def last(office: Reminding) -> dict[str, Any]:
    return (await office.history())[-1]


async def test_what_is_put_off_is_tried_again_with_the_same_id(office):
    office.mail.recipient = "451 4.7.1 greylisted"
    await office.run(FIRST)
    one = await last(office)
    assert (one["state"], one["attempts"], one["last_error"]) == ("planned", 1, "try_later")
    await office.deliver(FIRST + timedelta(seconds=30))
    assert (await last(office))["attempts"] == 1
    office.mail.recipient = "250 OK"
    await office.deliver(FIRST + timedelta(minutes=2))
    one = await last(office)
    assert (one["state"], one["attempts"], one["last_error"]) == ("sent", 2, None)
    assert office.recipients == [TUJUH]
    [(_, _, message)] = office.mail.taken
    assert message["Message-ID"] == f"<{one['id']}@oganilir.go.id>"


async def test_an_address_that_takes_nothing_is_left_alone_until_it_is_set_anew(office):
    office.mail.refused[TUJUH] = "550 5.1.1 no such user tujuh@oganilir.go.id"
    await office.run(FIRST)
    one = await last(office)
    assert (one["state"], one["last_error"]) == ("undeliverable", "recipient_refused")
    assert TUJUH not in str(await office.history())
    await office.run(FIRST + 7 * DAY)
    assert len(await office.history()) == 1
    preview = (await office.api.get(f"{office.path}/preview")).json()
    assert preview["groups"][0]["withheld"]["address_undeliverable"] == 1
    await office.reach("7", "baru@oganilir.go.id")
    await office.run()
    assert office.recipients == ["baru@oganilir.go.id"]


async def test_a_delivery_that_never_succeeds_ends(office):
    office.services.settings = office.services.settings.model_copy(update={"smtp_port": 1})
    await office.plan_now(FIRST)
    for _ in range(3 * MAX_ATTEMPTS):
        await office.deliver(office.clock.at + 5 * HOUR)
    one = await last(office)
    assert (one["state"], one["attempts"]) == ("failed", MAX_ATTEMPTS)
    assert one["last_error"] == "unreachable"


async def test_a_channel_that_was_switched_off_sends_nothing_and_says_so(office):
    await office.plan_now(FIRST)
    with_mail = office.services.settings
    office.services.settings = with_mail.model_copy(update={"smtp_host": None})
    await office.deliver()
    one = await last(office)
    assert (one["state"], one["last_error"]) == ("planned", "channel_off")
    await office.run(FIRST + 14 * DAY)
    assert office.mail.taken == []
    office.services.settings = with_mail
    await office.deliver(FIRST + 15 * DAY)
    assert len(office.mail.taken) == 1


async def test_an_address_under_a_lost_key_is_no_reason_to_crash(office):
    await office.plan_now(FIRST)
    settings = office.services.settings
    office.services.settings = settings.model_copy(update={"token_keys": None})
    await office.deliver()
    assert (await last(office))["last_error"] == "address_unreadable"


async def claimed(office: Reminding) -> list[outbox.Claim]:
    async with office.services.database.transaction(office.government.tenant_id) as session:
        now = office.clock.now()
        found = await outbox.claim(session, office.government.tenant_id, now=now, limit=9)
        return list(found)


async def test_a_worker_that_dies_is_replaced_after_its_lease_and_its_word_counts_no_more(office):
    await office.plan_now(FIRST)
    [first] = await claimed(office)
    assert await claimed(office) == []
    async with office.services.database.transaction(first.tenant_id) as session:
        on = own_channels(office.services).on
        ready = await outbox.prepare(
            session, office.services.settings, first, on, now=office.clock.now()
        )
    assert ready is not None
    office.clock.at += outbox.LEASE + timedelta(seconds=1)
    [second] = await claimed(office)
    assert (second.id, second.epoch) == (first.id, first.epoch + 1)
    async with office.services.database.transaction(first.tenant_id) as session:
        late = await outbox.close(session, ready, "<late>", now=office.clock.now(), share=0)
    assert late is None
    await deliver(office.services, own_channels(office.services), [second])
    one = await last(office)
    assert (one["state"], one["attempts"]) == ("sent", 2)
    # The first worker comes back and finds that nothing is left to do.
    await deliver(office.services, own_channels(office.services), [first])
    assert len(office.mail.taken) == 1


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("state = 'stopped', finished_at = now(), lease_until = NULL", "stops_have_a_reason"),
        ("state = 'sent', lease_until = NULL", "finished_reminders_are_dated"),
        ("state = 'sending'", "sending_is_leased"),
    ],
)
async def test_the_database_keeps_the_rules(office, change, rule):
    await office.plan_now(FIRST)
    with pytest.raises(IntegrityError, match=rule):
        async with office.services.database.transaction(office.government.tenant_id) as session:
            await session.execute(text(f"UPDATE reminders SET {change}"))  # noqa: S608


PEOPLE = 30


async def crowd(services: Services) -> tuple[Government, Api, str]:
    """Thirty people who have declared nothing, each with an address, in a campaign with a plan."""
    government = await make_government(services, "sumsel")
    transport = httpx.ASGITransport(app=create_app(services))
    api = Api(httpx.AsyncClient(transport=transport, base_url="http://t"), government.token)
    unit = (await api.post("/v1/work-units", {"code": "16", "name": "Provinsi"})).json()
    for number in range(1, PEOPLE + 1):
        made = await api.post("/v1/employees", {
            "nip": nip(number), "name": f"P{number}", "category": "pppk", "unit_id": unit["id"],
        })  # fmt: skip
        body = {"email": f"p{number}@oganilir.go.id", "phone": None, "set_by": "Admin"}
        path = f"/v1/employees/{made.json()['id']}/contact"
        assert (await api.put(path, body, etag='"0"')).status_code == 200
    official = await api.post("/v1/official-accounts", {
        "account": "https://instagram.com/pemprov", "name": "Pemprov", "owner_kind": "office",
    })  # fmt: skip
    campaign = await api.post("/v1/campaigns", {
        "title": "Pendataan", "legal_basis": "SE", "document_number": "1",
        "starts_at": (FIRST - 7 * DAY).isoformat(), "ends_at": (FIRST + 60 * DAY).isoformat(),
        "expected_gain": 1, "duties": [{"kind": "declare"}],
        "official_account_ids": [official.json()["id"]],
    })  # fmt: skip
    path = f"/v1/campaigns/{campaign.json()['id']}"
    assert (await api.put(f"{path}/reminders", PLAN, etag='"0"')).status_code == 200
    return government, api, path


async def test_several_workers_send_each_reminder_once_and_hold_no_connection(
    separate_services, clock, mail: MailServer
):
    services = separate_services
    url = services.settings.database_url
    services.settings = settings_for(mail, database_url=url)
    clock.at = FIRST - DAY
    government, api, path = await crowd(services)
    clock.at = FIRST
    mail.pool = services.database.bind.pool
    # The cron line fires, and planning runs on several workers at the same time.
    await run_job(services, "plan_all_reminders", encode(PlanAllReminders()), 0)
    campaign_id = UUID(path.rsplit("/", 1)[1])
    planning = PlanReminders(government.tenant_id, campaign_id, cause="t")
    await asyncio.gather(*(run_job(services, planning.kind, encode(planning), 0) for _ in range(4)))
    async with services.database.transaction(government.tenant_id) as session:
        [alone] = await outbox.claim(session, government.tenant_id, now=FIRST, limit=1)
    await deliver(services, own_channels(services), [alone])
    assert mail.connections_held == [0], "no connection is kept while mail travels"
    job = DeliverReminders()
    await asyncio.gather(*(run_job(services, job.kind, encode(job), 0) for _ in range(4)))
    addressed = [address for _, recipients, _ in mail.taken for address in recipients]
    assert len(addressed) == PEOPLE
    assert len(set(addressed)) == PEOPLE
    history = (await api.get(f"{path}/reminders/history", limit=200, state="sent")).json()
    assert len(history["items"]) == PEOPLE
    async with services.database.transaction(government.tenant_id) as session:
        facts = await session.scalars(
            text("SELECT facts FROM changes WHERE kind = 'reminders:planned'")
        )
        assert facts.all() == [{"email": PEOPLE}]
    async with services.database.system() as session:
        queued = await session.scalar(
            text("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'plan_reminders'")
        )
    assert queued == 2, "one by the plan, one by the cron line"
    await api._client.aclose()


async def test_a_sealed_address_of_another_row_is_not_written_to(office):
    other = Place(office.government.tenant_id, uuid4(), "employee_contacts.email")
    stolen = keyring_of(KEYS).seal("lain@oganilir.go.id", other)
    async with office.services.database.transaction(office.government.tenant_id) as session:
        await session.execute(
            text("UPDATE employee_contacts SET email = :email"), {"email": stolen}
        )
    await office.run(FIRST)
    assert office.mail.taken == []
    assert (await last(office))["last_error"] == "address_unreadable"
