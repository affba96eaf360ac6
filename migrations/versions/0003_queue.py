"""The job queue's tables, as pgqueuer 1.6 lays them out, and who may touch them."""

from alembic import op
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # One statement at a time: asyncpg prepares each, and the function's body holds semicolons.
    for statement in split(QueryBuilderEnvironment().build_install_query(create_schema=False)):
        op.execute(statement)
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO simedsos_system")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO simedsos_system")
    # A request adds jobs in its own transaction, and reads none of another's arguments.
    op.execute(
        "GRANT INSERT, SELECT (id, status, dedupe_key, entrypoint, priority) ON pgqueuer TO simedsos_app"
    )
    op.execute("GRANT INSERT ON pgqueuer_log TO simedsos_app")
    op.execute("GRANT USAGE ON SEQUENCE pgqueuer_id_seq TO simedsos_app")


def split(script: str) -> list[str]:
    """The statements of a script; a semicolon inside a $$ body does not end one."""
    statements, body = [""], False
    for line in script.splitlines():
        body ^= line.count("$$") % 2 == 1
        statements[-1] += line + "\n"
        if line.rstrip().endswith(";") and not body:
            statements.append("")
    return [each for each in statements if each.strip()]
