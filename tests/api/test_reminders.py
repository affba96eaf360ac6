"""Reminder plans, previews, heads, and a history that tells nobody more than they may know."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

import json
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from app.cli import operator
from app.cli.reminders import count, look, plan_now
from app.identity.scopes import Scope
from app.settings import Settings
from tests.api.test_compliance import account, registry, take_lists  # noqa: F401
from tests.api.test_isolation import ABSENT, key_of
from tests.reminding import (  # noqa: F401
    DAY,
    FIRST,
    HOUR,
    Reminding,
    mail,
    office,
    settings_for,
)  # fmt: skip
from tests.support import Api, nip
from tests.workers.test_deliver import disputed, election
from tests.workers.test_gateway import SECRET, receiver


async def test_a_plan_nobody_has_set_is_off(api, office):
    campaign = {**office.campaign, "title": "Lain"}
    body = {
        key: campaign[key]
        for key in (
            "title", "legal_basis", "document_number", "starts_at", "ends_at", "expected_gain",
            "official_account_ids",
        )
    }  # fmt: skip
    other = await api.post("/v1/campaigns", {**body, "duties": [{"kind": "declare"}]})
    path = f"/v1/campaigns/{other.json()['id']}/reminders"
    plan = await api.get(path)
    assert plan.headers["etag"] == '"0"'
    told = plan.json()
    assert (told["enabled"], told["duties"], told["set_by"]) == (False, ["declare"], None)
    assert told["quiet"] == {
        "starts": "20:00:00", "ends": "07:00:00", "weekends": False, "holidays": [],
    }  # fmt: skip
    assert (await api.get(f"{path}/preview")).json()["enabled"] is False


async def test_a_plan_is_edited_by_version_and_by_name(api, services, government, office):
    stored = await api.get(office.path)
    body = {"enabled": True, "set_by": "Sekretaris", "at_most": 2}
    assert (await api.put(office.path, body)).status_code == 428
    assert (await api.put(office.path, body, etag='"7"')).status_code == 412
    office.clock.at = FIRST
    made = await api.put(office.path, body, etag=stored.headers["etag"])
    assert (made.json()["version"], made.json()["set_by"]) == (2, "Sekretaris")
    assert made.json()["counts_from"] == "2026-11-17T00:00:00Z"
    # The same again is no change: nothing that waits is taken back by it.
    office.clock.at = FIRST + HOUR
    again = await api.put(office.path, body, etag='"2"')
    assert again.json() == made.json()
    async with services.database.transaction(government.tenant_id) as session:
        facts = await session.scalars(
            text("SELECT facts FROM changes WHERE kind = 'reminder_plan:changed' ORDER BY sequence")
        )
        assert facts.all()[-1] == {"fields": ["at_most"], "enabled": True}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"at_most": 0}, id="never"),
        pytest.param({"every_days": 0}, id="all-day-long"),
        pytest.param({"channels": []}, id="no-channel"),
        pytest.param({"channels": ["email", "email"]}, id="twice"),
        pytest.param({"channels": ["sms"]}, id="unknown-channel"),
        pytest.param({"first_from": "due"}, id="before-due-unasked"),
        pytest.param({"escalate_after": 4}, id="escalates-after-the-last"),
        pytest.param({"quiet": {"starts": "01:00:00", "ends": "00:59:00"}}, id="always-quiet"),
        pytest.param({"quiet": {"starts": "20:00:00+07:00"}}, id="time-with-offset"),
        pytest.param({"set_by": " "}, id="nobody"),
    ],
)
async def test_plans_that_make_no_sense_are_refused(api, office, change):
    body = {"enabled": True, "set_by": "Kepala BKD", **change}
    assert (await api.put(office.path, body, etag='"1"')).status_code == 422


async def test_only_the_whole_government_plans_and_others_see_nothing(
    http, services, government, api, other_api, office
):
    units = (await api.get("/v1/work-units")).json()["items"]
    head = Api(http, await key_of(services, government.tenant_id, unit=units[-1]["id"]))
    body = {"enabled": False, "set_by": "Kepala Bidang"}
    assert (await head.put(office.path, body, etag='"1"')).status_code == 403
    assert (await head.get(f"{office.path}/preview")).status_code == 403
    for path in ("", "/preview", "/history"):
        theirs = await other_api.get(office.path + path)
        nothing = await other_api.get(f"/v1/campaigns/{ABSENT}/reminders{path}")
        assert theirs.status_code == nothing.status_code == 404
        assert theirs.content == nothing.content
    path = f"/v1/employees/{office.people['7']}/reminders"
    assert (await other_api.get(path)).status_code == 404


async def preview(api: Api, office: Reminding) -> dict[str, Any]:
    answer = await api.get(f"{office.path}/preview")
    assert answer.status_code == 200, answer.text
    assert "Pegawai" not in answer.text
    return dict(answer.json())


async def test_a_preview_says_how_many_and_why_not_and_names_nobody(office):
    office.clock.at = FIRST - HOUR
    told = await preview(office.api, office)
    assert told["next_at"] == "2026-11-17T00:00:00Z"
    assert told["quiet_now"] is True
    office.clock.at = FIRST
    told = await preview(office.api, office)
    [group] = told["groups"]
    assert (group["recipient"], group["duty"], group["would_remind"]) == (
        "employee", "declare", 1,
    )  # fmt: skip
    assert group["withheld"] == {"nothing_missing": 6, "not_active": 1}
    assert (told["channels_on"], told["note"]) == (["email"], None)
    # Looking changes nothing, and what is planned is then said to be.
    assert await office.states() == []
    await office.plan_now()
    [group] = (await preview(office.api, office))["groups"]
    assert group["withheld"] == {"already_planned": 1, "nothing_missing": 6, "not_active": 1}


async def test_without_a_channel_a_preview_says_so_and_nothing_is_planned(office):
    keys = office.services.settings.token_keys
    office.services.settings = Settings(token_keys=keys)
    office.clock.at = FIRST
    told = await preview(office.api, office)
    assert told["note"] == "no channel configured"
    assert told["groups"][0]["withheld"]["no_channel"] == 1
    await office.run()
    assert await office.states() == []


async def test_outside_the_registry_few_people_are_not_counted(http, office):
    office.clock.at = FIRST
    scopes = [each for each in Scope if each is not Scope.EMPLOYEES_READ_NIP]
    token = await key_of(office.services, office.government.tenant_id, scopes=scopes)
    [group] = (await preview(Api(http, token), office))["groups"]
    assert group == {
        "recipient": "employee", "duty": "declare", "would_remind": None, "suppressed": True,
        "withheld": {"nothing_missing": None, "not_active": None},
    }  # fmt: skip


async def test_a_history_holds_no_address_and_masks_the_nip(http, office):
    await office.run(FIRST)
    [one] = await office.history(state="sent")
    assert (one["nip"], one["nip_masked"]) == (nip(7), False)
    assert one["employee_id"] == office.people["7"]
    assert "tujuh" not in json.dumps(one)
    assert await office.history(state="planned") == []
    path = f"/v1/employees/{office.people['7']}/reminders"
    assert (await office.api.get(path)).json()["items"] == [one]
    other = f"/v1/employees/{office.people['6']}/reminders"
    assert (await office.api.get(other)).json()["items"] == []
    few = [Scope.COMPLIANCE_READ_PEOPLE]
    units = {u["code"]: u["id"] for u in (await office.api.get("/v1/work-units")).json()["items"]}
    tenant_id = office.government.tenant_id
    inside = Api(http, await key_of(office.services, tenant_id, unit=units["16.02"], scopes=few))
    [masked] = (await inside.get(f"{office.path}/history")).json()["items"]
    assert masked["nip_masked"] is True
    assert masked["nip"] != nip(7)
    outside = Api(http, await key_of(office.services, tenant_id, unit=units["16.01"], scopes=few))
    assert (await outside.get(f"{office.path}/history")).json()["items"] == []


async def test_a_disputed_person_stands_in_no_history(office):
    await office.run(FIRST)
    await disputed(office)
    assert await office.history() == []


async def test_no_address_reaches_logs_changes_jobs_or_metrics(office, capsys):
    office.mail.refused["tujuh@oganilir.go.id"] = "550 tujuh@oganilir.go.id is unknown"
    await office.run(FIRST)
    async with office.services.database.transaction(office.government.tenant_id) as session:
        changes = str((await session.execute(text("SELECT facts FROM changes"))).all())
        outbox = str((await session.execute(text("SELECT * FROM reminders"))).all())
    async with office.services.database.system() as session:
        jobs = str((await session.execute(text("SELECT payload FROM pgqueuer"))).all())
    metrics = (await office.api.get("/metrics")).text
    assert 'simedsos_reminders_total{channel="email",outcome="undeliverable"}' in metrics
    printed = "".join(capsys.readouterr())
    for place in (changes, outbox, jobs, metrics, printed):
        assert "oganilir" not in place
        assert nip(7) not in place


async def test_a_head_is_told_of_missing_declarations_only_and_after_the_employee(office):
    office.clock.at = FIRST - DAY
    await office.put_plan(escalate_after=1, at_most=4)
    await office.reach("2", "kepala@oganilir.go.id")
    await office.head("2")
    await office.run(FIRST)
    assert office.recipients == ["tujuh@oganilir.go.id"]
    # The employee has a week to answer the first reminder.
    await office.run(FIRST + 6 * DAY)
    await office.run(FIRST + 7 * DAY)
    assert sorted(office.recipients[1:]) == ["kepala@oganilir.go.id", "tujuh@oganilir.go.id"]
    digest = office.letters[office.recipients.index("kepala@oganilir.go.id")]
    assert "1 pegawai di lingkungan Dinas Kesehatan" in digest
    assert "- Pegawai 7\n" in digest
    assert digest.count("Pegawai") == 1
    assert nip(7) not in digest
    assert "mengikuti" not in digest
    told = [each for each in await office.history() if each["recipient"] == "head"]
    assert [(each["duty"], each["name"]) for each in told] == [("declare", "Pegawai 2")]
    for _ in range(3):
        await office.run(FIRST + 8 * DAY)
    assert len(office.recipients) == 3


async def test_a_digest_is_stopped_when_nothing_is_missing_any_more_or_the_head_has_changed(office):
    office.clock.at = FIRST - DAY
    await office.put_plan(escalate_after=1, at_most=1)
    await office.reach("2", "kepala@oganilir.go.id")
    await office.head("2")
    await office.run(FIRST)
    await office.plan_now(FIRST + 7 * DAY)
    assert await office.states() == ["sent", "planned"]
    await office.head("4")
    await office.deliver()
    assert await office.states() == ["sent", "stopped:no_head"]
    # The new head has no address, and a preview says so.
    told = await preview(office.api, office)
    assert told["groups"][1]["withheld"] == {"no_address": 1}
    await office.head(None)
    told = await preview(office.api, office)
    assert told["groups"][1]["withheld"] == {"no_head": 1}
    assert len(office.mail.taken) == 1


async def test_through_a_gateway_a_digest_names_nobody(office):
    async with receiver() as app:
        settings = settings_for(
            office.mail,
            reminder_webhook_url=SecretStr(app.url),
            reminder_webhook_secret=SecretStr(SECRET),
        )
        office.services.settings = settings
        office.clock.at = FIRST - DAY
        await office.put_plan(escalate_after=1, at_most=1, channels=["email", "whatsapp"])
        await office.reach("2", None, "0821-7654-3210")
        await office.head("2")
        await office.run(FIRST)
        await office.run(FIRST + 7 * DAY)
        [(_, __, body)] = app.got
    sent = json.loads(body)
    assert sent["to"] == "+6282176543210"
    assert "1 pegawai" in sent["text"]
    assert "Pegawai 7" not in sent["text"]
    assert office.recipients == ["tujuh@oganilir.go.id"]


async def test_a_follow_is_reminded_of_only_where_a_plan_says_so_and_as_unconfirmed(office):
    for number in ("1", "3", "4", "5"):
        await office.reach(number, f"p{number}@oganilir.go.id")
    office.clock.at = FIRST + 12 * DAY
    lists = (office.clock.at - 3 * DAY, office.clock.at - DAY)
    await take_lists(office.api, office.official, *lists)
    await office.judge()
    await office.run(FIRST + 14 * DAY)
    assert office.recipients == ["tujuh@oganilir.go.id"]
    await office.put_plan(duties=["declare", "follow"])
    await office.run(FIRST + 21 * DAY)
    # 3 is proven absent and 4 unverified; 1 follows, and 5's account is contested.
    asked = [each for each in await office.history() if each["duty"] == "follow"]
    assert {each["name"] for each in asked} == {"Pegawai 3", "Pegawai 4"}
    letter = office.letters[office.recipients.index("p3@oganilir.go.id")]
    assert "belum terkonfirmasi" in letter
    assert "(instagram)" in letter
    assert "tidak mengikuti" not in letter


async def test_in_an_election_nothing_is_told_of_follows(office):
    await test_a_follow_is_reminded_of_only_where_a_plan_says_so_and_as_unconfirmed(office)
    office.clock.at = FIRST + 10 * DAY
    await election(office)
    assert {each["duty"] for each in await office.history()} == {"declare"}
    told = await preview(office.api, office)
    for group in told["groups"]:
        assert group["would_remind"] == 0
        assert set(group["withheld"]) == {"neutrality_window"}


async def test_the_terminal_previews_plans_and_counts(office, monkeypatch):
    services = office.services
    office.clock.at = FIRST

    class Connected:
        async def __aenter__(self) -> Any:
            return services.database

        async def __aexit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(operator, "connected", lambda _: Connected())
    monkeypatch.setattr("app.cli.reminders.SystemClock", lambda: office.clock)
    campaign = office.campaign["id"]
    found = await look(services.settings, campaign, "sumsel")
    assert found.groups[0].would_remind == 1
    assert await plan_now(services.settings, campaign, "sumsel") == (1, 0)
    assert await count(services.settings, campaign, "sumsel") == {"email planned": 1}
