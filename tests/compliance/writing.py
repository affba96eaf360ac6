"""Writing a random campaign into the database, past the services, and reading `judged`."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.campaigns.models import Campaign
from app.compliance.service import judge
from tests.compliance.histories import BEGIN, AnAccount, Official, Person, SetAside, World
from tests.compliance.reference import DECLARE, FOLLOW, Row

CAMPAIGN, UNIT, KEY = UUID(int=3), UUID(int=4), UUID(int=5)
DUTIES = {None: None, "declare": DECLARE, "follow": FOLLOW}
NAMED = {"reason": "Alasan", "document_number": "800/1"}


async def copy(connection: AsyncConnection, table: str, rows: list[dict[str, Any]]) -> None:
    """Write rows that all name the same columns."""
    if not rows:
        return
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    columns = list(rows[0])
    await driver.copy_records_to_table(
        table, records=[tuple(row[name] for name in columns) for row in rows], columns=columns
    )


async def write(connection: AsyncConnection, tenant_id: UUID, world: World) -> None:
    """Write everything that a campaign is judged by."""
    # Past the walls of the tenants, whose role a transaction of the fixtures has left behind.
    await connection.execute(text("RESET ROLE"))
    tables: dict[str, list[dict[str, Any]]] = {}
    for table, row in _rows(world):
        tables.setdefault(table, []).append({"tenant_id": tenant_id, **row})
    for table, rows in tables.items():
        await copy(connection, table, rows)


def _rows(world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "work_units", {"id": UNIT, "code": "16", "name": "Provinsi", "ancestors": [UNIT]}
    yield "api_keys", {
        "id": KEY, "client_id": KEY, "name": "Uji", "prefix": "uji", "key_hash": bytes(32),
        "scopes": [], "expires_at": BEGIN,
    }  # fmt: skip
    yield "campaigns", {
        "id": CAMPAIGN, "title": "Uji", "legal_basis": "SE", "document_number": "1",
        "starts_at": world.starts_at, "ends_at": world.ends_at, "expected_gain": 1,
        "stale_after_days": world.stale_after_days, "grace_days": world.grace_days,
        "cohort_filter": "{}", "cohort_size": 1, "cohort_hash": bytes(32),
        "cohort_frozen_at": world.starts_at,
    }  # fmt: skip
    for duty_id, kind, platforms in (
        (DECLARE, "declare", world.declare_platforms),
        (FOLLOW, "follow", world.follow_platforms),
    ):
        yield "duties", {
            "id": duty_id, "campaign_id": CAMPAIGN, "kind": kind,
            "platforms": [each.value for each in platforms],
            "mode": "each" if world.each else "any",
        }  # fmt: skip
    for position, official in enumerate(world.officials):
        yield from _official(official, position)
    # Each table's rows must come after those that they refer to.
    for person in world.people:
        yield "employees", {
            "id": person.id, "name": "Pegawai", "category": "pppk", "unit_id": UNIT,
            "standing": person.standing.value, "declaration": person.declaration.value,
        }  # fmt: skip
        yield "campaign_members", _member(person)
    for person in world.people:
        for account in person.accounts:
            yield "accounts", _account(person, account)
            yield from _seen(account)
            yield from _checked(account)
        yield from _decided(person)


def _official(official: Official, position: int) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "official_accounts", {
        "id": official.id, "platform": official.platform.value, "handle": f"resmi{position}",
        "name": "Resmi", "owner_kind": "office", "poll_interval_seconds": 300, "active": True,
    }  # fmt: skip
    yield "campaign_official_accounts", {
        "campaign_id": CAMPAIGN, "official_account_id": official.id, "position": position,
    }  # fmt: skip
    for each in official.lists:
        yield "follower_lists", {
            "id": each.id, "official_account_id": official.id, "source": each.source,
            "platform": official.platform.value, "digest": each.id.bytes,
            "taken_at": each.taken_at, "matched_at": each.matched_at, "listed": 1, "matched": 0,
            "deleted": 0, "reached_end": True, "certificate": each.certificate.value,
            "reasons": [], "recorded_by": "test",
        }  # fmt: skip


def _member(person: Person) -> dict[str, Any]:
    left = person.left_on is not None
    return {
        "campaign_id": CAMPAIGN, "employee_id": person.id, "joined_on": person.joined_on,
        "added_by": "Petugas" if person.added else None,
        "added_because": "Alasan" if person.added else None,
        "left_on": person.left_on, "left_by": "Petugas" if left else None,
        "left_because": "Alasan" if left else None,
    }  # fmt: skip


def _account(person: Person, account: AnAccount) -> dict[str, Any]:
    return {
        "id": account.id, "employee_id": person.id, "platform": account.platform.value,
        "handle": str(account.id.int), "state": account.state.value,
        "platform_id": account.platform_id, "platform_id_since": account.platform_id_since,
        "declared_at": account.declared_at, "verified_at": account.verified_at,
        "attested_at": account.attested_at, "seen_since": account.seen_since,
        "unseen_since": account.unseen_since,
    }  # fmt: skip


def _checked(account: AnAccount) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, (moment, state) in enumerate(account.checks):
        yield "account_checks", {
            "id": UUID(int=account.id.int * 16 + number), "account_id": account.id,
            "checked_at": moment, "day": moment.date(), "state": state.value, "source": "test",
        }  # fmt: skip


def _seen(account: AnAccount) -> Iterator[tuple[str, dict[str, Any]]]:
    for official_id, intervals in account.intervals.items():
        for number, (first, last) in enumerate(intervals):
            evidence = UUID(int=1)
            yield "follows", {
                "id": UUID(int=(account.id.int << 40) + (official_id.int << 8) + number),
                "official_account_id": official_id, "account_id": account.id,
                "first_seen_at": first, "last_seen_at": last, "first_listed_at": first,
                "last_listed_at": last, "first_id": evidence, "last_id": evidence,
                "closed_at": last + timedelta(microseconds=1),
                "closed_by_kind": "follower_list", "closed_by_id": evidence,
            }  # fmt: skip
    for official_id, answers in account.answers.items():
        for number, told in enumerate(answers):
            by_platform = told.source == "platform_pair"
            yield "pair_answers", {
                "id": told.id, "official_account_id": official_id, "account_id": account.id,
                "slot": BEGIN + timedelta(minutes=number) if by_platform else None,
                "asked_at": told.asked_at, "answer": told.answer.value, "source": told.source,
                "known_from": told.recorded_at,
            }  # fmt: skip


def _decided(person: Person) -> Iterator[tuple[str, dict[str, Any]]]:
    about = {"campaign_id": CAMPAIGN, "employee_id": person.id}
    for number, excuse in enumerate(person.excuses):
        withdrawn = excuse.withdrawn_at is not None
        yield "excuses", {
            "id": UUID(int=person.id.int * 16 + number), **about, **NAMED,
            "duty_id": DUTIES[excuse.duty], "starts_on": excuse.starts_on,
            "ends_on": excuse.ends_on, "granted_by": "Petugas", "granted_at": BEGIN,
            "actor": "test", "withdrawn_at": excuse.withdrawn_at,
            "withdrawn_by": "Petugas" if withdrawn else None,
            "withdrawal_reason": "Alasan" if withdrawn else None,
        }  # fmt: skip
    for number, (due_on, granted_at) in enumerate(person.extensions):
        yield "extensions", {
            "id": UUID(int=person.id.int * 16 + number), **about, "due_on": due_on,
            "officer": "Petugas", "reason": "Alasan", "granted_at": granted_at,
            "recorded_by": "test",
        }  # fmt: skip
    for number, each in enumerate(person.clearances):
        yield "verdict_clearances", {
            "id": UUID(int=person.id.int * 16 + number), **about, **_duty(each),
            "cleared_at": each.at,
        }  # fmt: skip
    for number, each in enumerate(person.disputes):
        dispute_id = UUID(int=person.id.int * 16 + number)
        yield "disputes", {
            "id": dispute_id, **about, **_duty(each), "text": "Sudah", "received_by": "Admin",
            "unmet_since": BEGIN + timedelta(minutes=number), "filed_at": each.at,
            "actor": "test",
        }  # fmt: skip
        if each.decided_at is not None:
            yield "dispute_decisions", {
                "dispute_id": dispute_id, "outcome": "dismissed", "reason": "Alasan",
                "decided_by": "Kepala", "decided_at": each.decided_at, "key_id": KEY,
            }  # fmt: skip


def _duty(each: SetAside) -> dict[str, Any]:
    duty_id = DECLARE if each.official_id is None else FOLLOW
    return {"duty_id": duty_id, "official_account_id": each.official_id}


async def found(session: AsyncSession, tenant_id: UUID, now: datetime) -> list[Row]:
    """What the service finds of the written campaign."""
    campaign = await session.get_one(Campaign, (tenant_id, CAMPAIGN))
    await judge(session, campaign, now=now)
    rows = await session.execute(text("SELECT * FROM judged"))
    return [
        Row(
            row.employee_id,
            row.duty_id,
            row.duty_kind,
            row.official_account_id,
            row.account_id,
            row.verdict,
            row.reason,
            row.basis,
            tuple(row.evidence_ids),
            row.excuse,
        )
        for row in rows
    ]
