"""SQL of the application's own role against the chain: refused, or told by verifying."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.audit.trails import inspect, lay

ENTRY = """
INSERT INTO audit_entries (tenant_id, sequence, previous, hash, kind, at, actor, operation,
                           employee_ids)
SELECT tenant_id, sequence + {ahead}, {previous}, sha256('x'), 'read', now(), 'api_key:x', 'x',
       '{{}}'
FROM audit_heads
"""
CHANGE = """
INSERT INTO changes (tenant_id, kind, subject_id, actor, at, facts{columns})
SELECT tenant_id, 'employee:updated', gen_random_uuid(), 'api_key:x', now(), '{{}}'{values}
FROM audit_heads
"""
TOLD = [
    pytest.param([ENTRY.format(ahead=1, previous="hash")], id="behind-the-head"),
    pytest.param([ENTRY.format(ahead=9, previous="sha256('y')")], id="far-behind-the-head"),
    pytest.param(
        ["UPDATE audit_heads SET sequence = sequence + 1, previous = hash, hash = sha256('x')"],
        id="a-head-of-nothing",
    ),
    pytest.param(
        [
            "UPDATE audit_heads SET sequence = sequence + 1, previous = hash, hash = sha256('x')",
            ENTRY.format(ahead=0, previous="previous"),
        ],
        id="an-entry-with-a-made-up-hash",
    ),
    pytest.param([CHANGE.format(columns="", values="")], id="a-change-without-an-entry"),
    pytest.param(
        [
            CHANGE.format(
                columns=", transaction",
                values=", (SELECT max(transaction) FROM audit_entries)",
            )
        ],
        id="a-change-of-another-transaction",
    ),
]
REFUSED = [
    pytest.param(
        "UPDATE audit_heads SET sequence = sequence - 1, previous = hash", id="a-head-moved-back"
    ),
    pytest.param("UPDATE audit_heads SET hash = sha256('x')", id="a-head-that-stands-still"),
    pytest.param(ENTRY.format(ahead=0, previous="sha256('z')"), id="a-number-twice"),
    pytest.param(
        "INSERT INTO changes (tenant_id, sequence, kind, subject_id, actor, at, facts)"
        " SELECT tenant_id, 1, 'employee:updated', gen_random_uuid(), 'x', now(), '{}'"
        " FROM audit_heads",
        id="a-change-with-a-number-of-its-own",
    ),
]


@pytest.mark.parametrize("statements", TOLD)
async def test_what_the_application_forges_is_told(api, services, government, statements):
    await lay(api)
    assert (await inspect(services, government.tenant_id)).fault_count == 0
    async with services.database.transaction(government.tenant_id) as session:
        for statement in statements:
            await session.execute(text(statement))
    found = await inspect(services, government.tenant_id)
    assert found.fault_count > 0


@pytest.mark.parametrize("statement", REFUSED)
async def test_what_the_application_forges_is_refused(api, services, government, statement):
    await lay(api)
    with pytest.raises(DBAPIError):
        async with services.database.transaction(government.tenant_id) as session:
            await session.execute(text(statement))
    assert (await inspect(services, government.tenant_id)).fault_count == 0
