"""What a session of the application's own role cannot do, whatever SQL it is made to run."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

# Functions that run as their owner, to whom the walls do not apply.
RUN_AS_OWNER = text("""
SELECT CAST(CAST(function.oid AS regprocedure) AS text) AS name,
       has_function_privilege('simedsos_app', function.oid, 'EXECUTE')
       OR has_function_privilege('simedsos_system', function.oid, 'EXECUTE') AS callable,
       EXISTS (SELECT 1 FROM unnest(function.proconfig) AS setting
               WHERE setting LIKE 'search\\_path=%') AS fixed
FROM pg_proc AS function
WHERE function.prosecdef
  AND function.pronamespace IN ('public'::regnamespace, 'as_known'::regnamespace)
""")
FORGERY = (
    "CREATE TEMP TABLE forged (LIKE work_units) ON COMMIT DROP",
    """
    CREATE TRIGGER forge AFTER DELETE ON forged REFERENCING OLD TABLE AS was
    FOR EACH STATEMENT EXECUTE FUNCTION as_known.keep_work_units()
    """,
    """
    INSERT INTO forged SELECT (jsonb_populate_record(unit, jsonb_build_object(
        'tenant_id', CAST(:victim AS text), 'known_from', '2000-01-01'))).*
    FROM work_units AS unit
    """,
    "DELETE FROM forged",
)
VIEWS = text("""
SELECT relname, reloptions FROM pg_class
WHERE relkind = 'v' AND relnamespace IN ('public'::regnamespace, 'as_known'::regnamespace)
""")
# Only triggers write what was; nothing but the foot of a transaction adds to the chain.
NEVER_REWRITTEN = (
    "audit_entries", "campaign_stays", "report_people", "reports", "self_evidence",
    "self_evidence_facts",
)  # fmt: skip


# They act only on what a row of erasures or archives names, in the transaction's own government.
RESEALING = "reseal_past_nip(uuid,uuid,timestamp with time zone,text,bytea)"
CALLED_BY_THE_APP = ["erase_person(uuid,uuid)", "forget_campaign(uuid,uuid)", RESEALING]


async def test_functions_that_run_as_the_owner_are_called_by_triggers_only(connection):
    rows = (await connection.execute(RUN_AS_OWNER)).all()
    assert len(rows) > 5
    assert sorted(row.name for row in rows if row.callable) == CALLED_BY_THE_APP
    assert [row.name for row in rows if not row.fixed] == []


async def test_nobody_writes_the_past_of_another_government_through_a_table_of_their_own(
    services, government, other_government, other_api, units
):
    await other_api.post("/v1/work-units", {"code": "1", "name": "Invented"})
    with pytest.raises(DBAPIError, match="permission denied for function"):
        async with services.database.transaction(other_government.tenant_id) as session:
            for statement in FORGERY:
                values = {"victim": str(government.tenant_id)} if ":victim" in statement else {}
                await session.execute(text(statement), values)
    async with services.database.transaction(government.tenant_id) as session:
        assert await session.scalar(text("SELECT count(*) FROM work_units_past")) == 0


async def test_every_view_asks_with_the_rights_of_who_looks(connection):
    rows = (await connection.execute(VIEWS)).all()
    assert len(rows) > 15
    assert [row.relname for row in rows if row.reloptions != ["security_invoker=true"]] == []


async def test_what_is_kept_for_good_and_what_was_cannot_be_rewritten(connection):
    past = await connection.scalars(
        text("SELECT tablename FROM pg_tables WHERE tablename LIKE '%\\_past'")
    )
    kept = {*NEVER_REWRITTEN, *past}
    assert len(kept) > 15
    await connection.execute(text("SELECT set_config('role', 'simedsos_app', true)"))
    allowed = []
    for name in sorted(kept):
        rights = ["UPDATE", "TRUNCATE", *(["INSERT"] if name.endswith("_past") else [])]
        # People leave a report when they must be erased.
        rights += [] if name == "report_people" else ["DELETE"]
        for right in rights:
            asked = text("SELECT has_table_privilege(:name, :right)")
            if await connection.scalar(asked, {"name": name, "right": right}):
                allowed.append((name, right))
        if right != "INSERT" and await connection.scalar(
            text("SELECT has_any_column_privilege(:name, 'UPDATE')"), {"name": name}
        ):
            allowed.append((name, "UPDATE of a column"))
    assert allowed == []
