"""Users of an identity provider, clients whose keys follow each other, and who may see verdicts."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
CHANGE_KINDS = (
    "account:checked", "account:contested", "account:declared", "account:retired",
    "account:updated", "account:verified", "api_key:created", "api_key:leaked",
    "api_key:revoked", "api_key:rotated", "api_key:updated", "breach:closed", "breach:recorded",
    "campaign:created", "campaign:evaluated", "campaign:updated", "connection:created",
    "connection:lost", "connection:removed", "consent:given", "consent:withdrawn",
    "contact:changed", "dispute:decided", "dispute:filed", "employee:created",
    "employee:erased", "employee:updated", "evidence:taken", "excuse:granted",
    "excuse:withdrawn", "extension:granted", "finding:recorded", "follower_list:taken",
    "import:applied", "import:previewed", "neutrality_window:declared",
    "neutrality_window:withdrawn", "notice:extended", "notice:sent",
    "official_account:created", "official_account:updated", "pair_answers:taken",
    "reminder_plan:changed", "reminders:planned", "reminders:stopped", "report:frozen",
    "retention:applied", "roster:changed", "session:closed", "session:opened",
    "snapshot:confirmed", "snapshot:taken", "subject_request:answered",
    "subject_request:extended", "subject_request:received", "unit_head:changed",
    "user:created", "user:updated", "work_unit:created", "work_unit:updated",
)  # fmt: skip
ROLES = ("bkd_admin", "humas_officer", "auditor", "executive", "unit_head", "employee")
KNOWN = "(SELECT current_setting(''simedsos.known_at'')::timestamptz)"
# Tables in which a named officer decides, with the word for what is decided.
DECIDED = {"dispute_decisions": "decisions", "findings": "findings"}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _widen_change_kinds()
    _users()
    _sessions()
    _clients()
    _decided_by_users()


def _widen_change_kinds() -> None:
    allowed = ", ".join(f"'{value}'" for value in CHANGE_KINDS)
    _may("ban-drop-constraint", "ALTER TABLE changes DROP CONSTRAINT change_kind_is_known")
    _checked("changes", "change_kind_is_known", f"CHECK (kind IN ({allowed}))")


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                *ROLES,
                name="role_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("employee_id", sa.Uuid(), nullable=True),
        sa.Column("has_own_side", sa.Boolean(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(role = 'unit_head') = (unit_id IS NOT NULL)", name="heads_of_units_have_a_unit"
        ),
        sa.CheckConstraint(
            "role <> 'employee' OR employee_id IS NOT NULL", name="employees_are_in_the_registry"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_users_tenant_id"),
        _reference("users", "unit_id", "work_units"),
        _reference("users", "employee_id", "employees"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_users"),
        sa.UniqueConstraint("tenant_id", "issuer", "subject", name="one_user_for_each_subject"),
    )
    op.execute("ALTER TABLE users ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE users FORCE ROW LEVEL SECURITY")
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (role, unit_id, employee_id, has_own_side, last_seen_at)"
        " ON users TO simedsos_app"
    )
    op.execute(f"""
        CREATE POLICY inside_the_tenant ON users TO simedsos_app
        USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
    """)
    # Whose browser session it is is found before the tenant is known; a row holds no name.
    op.execute("GRANT SELECT ON users TO simedsos_system")
    op.execute("CREATE POLICY coordination ON users TO simedsos_system USING (true)")


def _reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=f"fk_{table}_tenant_id_{column}",
    )


def _sessions() -> None:
    # No browser could sign in before this release, so nothing is lost and no row stands.
    op.execute("TRUNCATE web_sessions")
    _may("ban-drop-not-null", "ALTER TABLE web_sessions ALTER COLUMN api_key_id DROP NOT NULL")
    op.add_column("web_sessions", sa.Column("user_id", sa.Uuid(), nullable=True))
    _may(
        "adding-required-field",
        "ALTER TABLE web_sessions ADD COLUMN last_seen_at timestamptz NOT NULL",
    )
    _by_one_caller("web_sessions", "sessions_are_of_a_key_or_a_user", "api_key_id")
    op.execute("GRANT UPDATE (last_seen_at) ON web_sessions TO simedsos_system")


def _clients() -> None:
    op.add_column("api_keys", sa.Column("client_id", sa.Uuid(), nullable=True))
    # The owner of the tables is no tenant, and the walls would hide every row from it.
    op.execute("ALTER TABLE api_keys NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE api_keys SET client_id = id")
    # Verdicts of named people ask for a right of their own from now on; who saw the whole
    # government keeps it, and who is confined to a unit loses it.
    op.execute("""
        UPDATE api_keys SET scopes = scopes || 'compliance:read_people'::text
        WHERE unit_id IS NULL AND 'compliance:read' = ANY (scopes)
    """)
    op.execute("ALTER TABLE api_keys FORCE ROW LEVEL SECURITY")
    _may("adding-not-nullable-field", "ALTER TABLE api_keys ALTER COLUMN client_id SET NOT NULL")
    _may(
        "require-concurrent-index-creation",
        "CREATE INDEX ix_api_keys_client ON api_keys (tenant_id, client_id)",
    )


def _decided_by_users() -> None:
    for table, decided in DECIDED.items():
        _may("ban-drop-not-null", f"ALTER TABLE {table} ALTER COLUMN key_id DROP NOT NULL")
        op.add_column(table, sa.Column("user_id", sa.Uuid(), nullable=True))
        _by_one_caller(table, f"{decided}_are_recorded_by_a_caller", "key_id")
    op.execute(f"SELECT as_known.show('dispute_decisions', '{KNOWN}', 'true', '')")


def _by_one_caller(table: str, name: str, key: str) -> None:
    """Let a row be of a key or of a user, and of one of them."""
    _checked(table, name, f"CHECK (({key} IS NULL) <> (user_id IS NULL))")
    _checked(
        table,
        f"fk_{table}_tenant_id_user_id",
        "FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)",
    )


def _checked(table: str, name: str, constraint: str) -> None:
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {constraint} NOT VALID")
    _may("constraint-missing-not-valid", f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def _may(rule: str, statement: str) -> None:
    """A statement that a rule warns of, on a table that is small or that nobody writes."""
    op.execute(f"-- squawk-ignore {rule}\n{statement}")
