"""Files may be full lists, are seen while they are read, and give rejected rows back to be mended."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

STANDINGS = ("active", "on_leave", "study", "suspended", "retired", "dismissed", "left")
# What a closed set allows now: table, constraint, column, values.
CLOSED_SETS = (
    ("employees", "employee_standing_is_known", "standing", STANDINGS),
    ("imports", "import_state_is_known", "state", ("reading", "merging", "previewed", "applied")),
)
NEW_CHECKS = (
    ("import_mode_is_known", "mode IN ('partial', 'full')"),
    ("full_of_is_a_category", "full_of IN ('pns', 'pppk', 'pppk_paruh_waktu')"),
    (
        "import_encoding_is_known",
        "encoding IN ('utf-8', 'utf-16', 'windows-1252', 'workbook')",
    ),
    ("only_full_lists_are_narrowed", "mode = 'full' OR full_of IS NULL"),
)
COLUMNS = (
    ("imports", "mode varchar(40) NOT NULL DEFAULT 'partial'"),
    ("imports", "full_of varchar(40)"),
    ("imports", "encoding varchar(40)"),
    ("imports", "share_read double precision"),
    ("imports", "leavers integer NOT NULL DEFAULT 0"),
    ("imports", "leavers_withheld boolean NOT NULL DEFAULT false"),
    ("imports", "same_as uuid"),
    ("import_faults", "nip_hash bytea"),
    ("import_faults", "key_id text"),
    ("import_faults", "cells bytea"),
    ("import_faults", "fields text[]"),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table, column in COLUMNS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    for table, name, column, values in CLOSED_SETS:
        allowed = ", ".join(f"'{each}'" for each in values)
        _widen(table, name, f"{column} IN ({allowed})")
    for name, condition in NEW_CHECKS:
        _check("imports", name, condition)
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE UNIQUE INDEX one_reading_of_a_file ON imports (tenant_id, kind, digest)"
        " WHERE state IN ('reading', 'merging')"
    )


def _widen(table: str, name: str, condition: str) -> None:
    op.execute(f"-- squawk-ignore ban-drop-constraint\nALTER TABLE {table} DROP CONSTRAINT {name}")
    _check(table, name, condition)


def _check(table: str, name: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"
    )
