"""Reminders from plan to mailbox: on their turn, once, and not when the reason has gone."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from typing import Any

import pytest
from sqlalchemy import text

from tests.api.test_compliance import START, account, registry  # noqa: F401
from tests.reminding import DAY, FIRST, HOUR, Reminding, mail, office  # noqa: F401

TUJUH = "tujuh@oganilir.go.id"
MINUTE = HOUR / 60


async def test_a_missing_declaration_is_reminded_of_on_its_turn_and_not_too_often(office):
    await office.run(FIRST - MINUTE)
    assert await office.states() == []
    for _ in range(3):
        await office.run(FIRST)
    assert office.recipients == [TUJUH]
    assert "pendataan akun media sosial Bapak/Ibu belum terkonfirmasi" in office.letters[0]
    await office.run(FIRST + 6 * DAY)
    assert len(office.recipients) == 1
    for week in range(1, 6):
        await office.run(FIRST + 7 * week * DAY)
    # Three at most, and none to the seven others: they have declared, have none, or are on leave.
    assert office.recipients == [TUJUH] * 3
    found = await office.history()
    assert [(each["number"], each["state"], each["attempts"]) for each in found] == [
        (1, "sent", 1), (2, "sent", 1), (3, "sent", 1),
    ]  # fmt: skip
    assert {each["name"] for each in found} == {"Pegawai 7"}
    ids = {str(message["Message-ID"]) for _, _, message in office.mail.taken}
    assert ids == {each["message_id"] for each in found}
    assert len(ids) == 3


async def test_what_was_missed_is_sent_once_and_late_or_not_at_all(office):
    await office.run(FIRST + 15 * DAY)
    assert office.recipients == [TUJUH]
    [one] = await office.history()
    assert one["number"] == 1
    # The next turn is five days away, but a week has to lie between two.
    await office.run(FIRST + 21 * DAY)
    assert len(office.recipients) == 1
    await office.run(FIRST + 22 * DAY)
    assert len(office.recipients) == 2


async def test_a_plan_that_is_switched_on_today_sends_nothing_for_yesterday(office):
    await office.put_plan(enabled=False)
    office.clock.at = FIRST + HOUR
    await office.put_plan()
    await office.run()
    await office.run(FIRST + 6 * DAY)
    assert await office.states() == []
    await office.run(FIRST + 7 * DAY)
    assert office.recipients == [TUJUH]


async def test_a_plan_that_is_changed_takes_back_what_was_planned_before(office):
    await office.put_plan(quiet={"starts": "06:00:00", "ends": "09:00:00"})
    await office.plan_now(FIRST)
    assert await office.states() == ["planned"]
    office.clock.at = FIRST + HOUR
    await office.put_plan(every_days=10, quiet={"starts": "06:00:00", "ends": "09:00:00"})
    await office.deliver(FIRST + 3 * HOUR)
    assert await office.states() == ["stopped:plan_changed"]
    assert office.recipients == []
    await office.run(FIRST + 9 * DAY)
    assert office.recipients == []
    await office.run(FIRST + 10 * DAY + 3 * HOUR)
    assert office.recipients == [TUJUH]


async def test_nothing_is_sent_in_quiet_hours(office):
    evening = FIRST + 14 * HOUR
    await office.run(evening)
    [one] = await office.history()
    assert (one["state"], one["planned_for"]) == ("planned", "2026-11-18T00:00:00Z")
    await office.deliver(FIRST + 23 * HOUR)
    assert office.recipients == []
    await office.deliver(FIRST + 24 * HOUR)
    assert office.recipients == [TUJUH]


async def test_a_worker_that_was_late_waits_for_the_morning(office):
    await office.plan_now(FIRST)
    await office.deliver(FIRST + 13 * HOUR)
    [one] = await office.history()
    assert (one["state"], one["attempts"]) == ("planned", 0)
    await office.deliver(FIRST + 24 * HOUR)
    assert office.recipients == [TUJUH]


async def excused(office: Reminding) -> None:
    answer = await office.api.post("/v1/excuses", {
        "campaign_id": office.campaign["id"], "employee_id": office.people["7"],
        "reason": "Cuti melahirkan", "document_number": "1", "granted_by": "Kepala BKD",
        "starts_on": "2026-11-01",
    })  # fmt: skip
    assert answer.status_code == 201, answer.text


async def disputed(office: Reminding) -> None:
    answer = await office.api.post("/v1/disputes", {
        "campaign_id": office.campaign["id"], "employee_id": office.people["7"],
        "duty": "declare", "official_account_id": None, "text": "Sudah saya sampaikan.",
        "received_by": "Admin OPD",
    })  # fmt: skip
    assert answer.status_code == 201, answer.text


async def declared(office: Reminding) -> None:
    path = f"/v1/employees/{office.people['7']}/accounts"
    answer = await office.api.post(path, {"account": "https://instagram.com/tujuh"})
    assert answer.status_code == 201, answer.text


async def said_none(office: Reminding) -> None:
    await edited(office, declaration="declared_none")


async def on_leave(office: Reminding) -> None:
    await edited(office, standing="on_leave")


async def edited(office: Reminding, **changes: str) -> None:
    path = f"/v1/employees/{office.people['7']}"
    etag = (await office.api.get(path)).headers["etag"]
    assert (await office.api.patch(path, changes, etag=etag)).status_code == 200


async def left(office: Reminding) -> None:
    await edited(office, standing="retired")
    answer = await office.api.post(f"/v1/campaigns/{office.campaign['id']}/members", {
        "add": [], "leave": [office.people["7"]], "officer": "BKD", "reason": "Pensiun",
    })  # fmt: skip
    assert answer.status_code == 200, answer.text


async def extended(office: Reminding) -> None:
    path = f"/v1/campaigns/{office.campaign['id']}/extensions"
    answer = await office.api.post(path, {
        "employee_id": office.people["7"], "due_on": "2026-12-01", "officer": "BKD",
        "reason": "Sakit",
    })  # fmt: skip
    assert answer.status_code == 201, answer.text


async def switched_off(office: Reminding) -> None:
    await office.put_plan(enabled=False)


async def election(office: Reminding) -> None:
    async with office.services.database.transaction(office.government.tenant_id) as session:
        await session.execute(
            text(
                "UPDATE official_accounts SET owner_kind = 'person',"
                " office_term_start = '2025-02-20'"
            )
        )
    answer = await office.api.post("/v1/neutrality-windows", {
        "starts_on": "2026-11-17", "ends_on": "2026-11-30", "legal_basis": "UU 10/2016",
        "document_number": "71",
    })  # fmt: skip
    assert answer.status_code == 201, answer.text


async def campaign_over(office: Reminding) -> None:
    path = f"/v1/campaigns/{office.campaign['id']}"
    etag = (await office.api.get(path)).headers["etag"]
    ended = {"ends_at": FIRST.isoformat()}
    assert (await office.api.patch(path, ended, etag=etag)).status_code == 200


async def unreachable(office: Reminding) -> None:
    await office.reach("7", None)


STOPS = [
    (excused, "excused"), (disputed, "disputed"), (declared, "nothing_missing"),
    (said_none, "nothing_missing"), (on_leave, "not_active"), (left, "left_campaign"),
    (extended, "not_due_yet"), (switched_off, "plan_off"), (election, "neutrality_window"),
    (campaign_over, "campaign_not_running"),
]  # fmt: skip


async def stored_states(office: Reminding) -> list[Any]:
    """The states of all reminders, those of disputed people too, which no list shows."""
    async with office.services.database.transaction(office.government.tenant_id) as session:
        rows = await session.execute(text("SELECT state, stop_reason FROM reminders ORDER BY id"))
        return [tuple(row) for row in rows]


@pytest.mark.parametrize("by", ["planning", "delivery"])
@pytest.mark.parametrize(
    ("happens", "reason"), [pytest.param(*each, id=each[0].__name__) for each in STOPS]
)
async def test_a_reminder_whose_reason_has_gone_is_stopped(office, happens, reason, by):
    await office.plan_now(FIRST)
    assert await stored_states(office) == [("planned", None)]
    await happens(office)
    if by == "planning":
        await office.plan_now()
        assert await stored_states(office) == [("stopped", reason)]
    await office.deliver()
    assert await stored_states(office) == [("stopped", reason)]
    assert office.mail.taken == []
    async with office.services.database.transaction(office.government.tenant_id) as session:
        facts = await session.scalar(
            text("SELECT facts FROM changes WHERE kind = 'reminders:stopped'")
        )
    assert facts == {reason: 1}


async def test_an_address_that_was_taken_away_ends_the_reminder(office):
    await office.plan_now(FIRST)
    await unreachable(office)
    await office.deliver()
    assert await stored_states(office) == [("stopped", "no_address")]


async def test_a_slot_that_was_stopped_is_not_made_up_for(office):
    await office.plan_now(FIRST)
    await disputed(office)
    await office.plan_now()
    [dispute] = (await office.api.get("/v1/disputes")).json()["items"]
    await office.api.post(
        f"/v1/disputes/{dispute['id']}/decision",
        {"outcome": "dismissed", "reason": "Tidak ada", "decided_by": "Kepala BKD"},
    )
    await office.judge()
    await office.run(FIRST + DAY)
    assert office.mail.taken == []
    await office.run(FIRST + 7 * DAY)
    assert office.recipients == [TUJUH]


async def test_an_upheld_dispute_ends_reminders_for_good(office):
    await disputed(office)
    [dispute] = (await office.api.get("/v1/disputes")).json()["items"]
    await office.api.post(
        f"/v1/disputes/{dispute['id']}/decision",
        {"outcome": "upheld", "reason": "Benar", "decided_by": "Kepala BKD"},
    )
    await office.run(FIRST)
    await office.judge()
    await office.run(FIRST + 7 * DAY)
    assert await stored_states(office) == []


async def test_excuses_and_disputes_leave_work_for_planning_at_once(office):
    async def planned() -> int:
        async with office.services.database.system() as session:
            found = await session.scalar(
                text("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'plan_reminders'")
            )
            return int(found or 0)

    before = await planned()
    await disputed(office)
    assert await planned() == before + 1
    await excused(office)
    assert await planned() == before + 2


async def test_a_person_on_leave_or_before_the_start_is_not_planned_for(office):
    await on_leave(office)
    await office.run(FIRST)
    await office.run(START)
    assert await stored_states(office) == []


async def test_information_ahead_of_the_due_date_goes_only_where_a_plan_says_so(office):
    await extended_at(office, FIRST)
    await office.run(FIRST)
    assert office.mail.taken == []
    office.clock.at = FIRST - DAY
    await office.put_plan(ahead_of_due=True)
    await office.run(FIRST)
    [letter] = office.letters
    assert letter.startswith("Yth. Bapak/Ibu,\n\nSekadar informasi")
    assert "2 Desember 2026 pukul 00.00 WIB" in letter
    assert "belum terkonfirmasi" not in letter


async def extended_at(office: Reminding, at: Any) -> None:
    office.clock.at = at - DAY
    await extended(office)
