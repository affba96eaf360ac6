"""What was changed before there was an audit chain is its first entry, and as safe as the rest."""

from uuid import uuid4

from sqlalchemy import text

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.db import Database, make_engine
from app.core.services import Services
from app.settings import Settings
from migrations import migrate
from tests.audit.trails import inspect, kinds
from tests.migrations.test_upgrading import TENANT, connected, empty, in_use  # noqa: F401
from tests.support import NOW


async def test_earlier_changes_are_adopted_and_guarded(in_use):  # noqa: F811
    owned, url = in_use
    await migrate(owned)
    services = Services(Database(make_engine(url)), Settings())
    assert (await inspect(services, TENANT)).fault_count == 0
    async with services.database.transaction(TENANT) as session:
        record(session, ChangeKind.EMPLOYEE_UPDATED, uuid4(), tenant_id=TENANT, actor="x", at=NOW)
    found = await inspect(services, TENANT)
    assert (found.fault_count, found.entries, found.changes) == (0, 2, 2)
    async with services.database.transaction(TENANT) as session:
        sequence = await session.scalar(text("SELECT min(sequence) FROM changes"))
    async with connected(url) as connection:
        await connection.execute("UPDATE changes SET actor = 'x' WHERE sequence = $1", sequence)
        altered = await inspect(services, TENANT)
        await connection.execute("DELETE FROM changes WHERE sequence = $1", sequence)
        deleted = await inspect(services, TENANT)
    assert (kinds(altered), kinds(deleted)) == (["changes_altered"], ["changes_missing"])
    await services.database.aclose()
