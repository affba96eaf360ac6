"""What the database refuses to whoever writes: findings without due process, and afterthoughts."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.core.ids import new_id
from tests.api.test_compliance import account, registry  # noqa: F401
from tests.api.test_due_process import A_MOMENT, REPLY_TIME, Office, office  # noqa: F401
from tests.support import NOW

FINDING = text("""
INSERT INTO findings (tenant_id, id, notice_id, reason, decided_by, decided_at, key_id)
VALUES (:tenant, :id, :notice, :reason, :by, :at, :key)
""")


async def insert_finding(office: Office, **fields: Any) -> None:
    async with office.services.database.transaction(office.government.tenant_id) as session:
        key = await session.scalar(text("SELECT id FROM api_keys"))
        row = {"reason": "A", "by": "B", "at": NOW + REPLY_TIME, "key": key, **fields}
        where = {"tenant": office.government.tenant_id, "id": new_id()}
        await session.execute(FINDING, {**where, **row})


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        pytest.param({"key": None}, "key_id", id="the-machine-has-no-key"),
        pytest.param(
            {"key": UUID(int=1)}, "fk_findings_tenant_id_key_id", id="nor-can-it-invent-one"
        ),
        pytest.param({"by": None}, "decided_by", id="no-officer"),
        pytest.param({"by": " "}, "findings_are_reasoned_and_named", id="a-blank-officer"),
        pytest.param({"reason": None}, "reason", id="no-reason"),
        pytest.param({"reason": ""}, "findings_are_reasoned_and_named", id="a-blank-reason"),
        pytest.param({"notice": None}, "notice_id", id="no-notice"),
        pytest.param(
            {"at": NOW + REPLY_TIME - A_MOMENT}, "findings_wait_for_the_reply", id="too-early"
        ),
    ],
)
async def test_the_database_refuses_a_finding_without_due_process(office, fields, constraint):
    notice = (await office.tell()).json()
    with pytest.raises(IntegrityError, match=constraint):
        await insert_finding(office, **{"notice": notice["id"], **fields})
    await insert_finding(office, notice=notice["id"])
    with pytest.raises(IntegrityError, match="one_finding_for_each_notice"):
        await insert_finding(office, notice=notice["id"])


async def test_the_database_refuses_a_finding_beside_an_open_dispute(office):
    notice = (await office.tell()).json()
    filed = (await office.dispute()).json()
    with pytest.raises(IntegrityError, match="findings_wait_for_the_reply"):
        await insert_finding(office, notice=notice["id"])
    await office.decide(filed, "dismissed")
    await insert_finding(office, notice=notice["id"], at=NOW)


async def test_what_was_decided_is_never_rewritten_nor_a_disputed_verdict_unmet(office, connection):
    await office.dispute()
    with pytest.raises(IntegrityError, match="disputed_verdicts_are_not_unmet"):
        async with office.services.database.transaction(office.government.tenant_id) as session:
            await session.execute(text("UPDATE verdicts SET verdict = 'unmet' WHERE disputed"))
    await connection.execute(text("SELECT set_config('role', 'simedsos_app', true)"))
    tables = (
        "notices",
        "notice_extensions",
        "disputes",
        "dispute_decisions",
        "findings",
        "excuses",
        "verdict_clearances",
    )
    for name in tables:
        for right in ("UPDATE", "DELETE"):
            allowed = await connection.scalar(
                text(f"SELECT has_table_privilege('{name}', '{right}')")
            )
            assert allowed is False, (name, right)


async def test_no_sanction_has_a_place_anywhere(http, connection):
    schema = (await http.get("/openapi.json")).text.lower()
    assert "decided_by" in schema
    columns = (
        await connection.scalars(
            text("SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'")
        )
    ).all()
    assert "decided_by" in columns
    for word in ("sanction", "penalt", "punish", "sanksi", "hukuman", "pelanggaran"):
        assert word not in schema
        assert [name for name in columns if word in name] == []
