"""The walls between tenants: roles that own nothing, and row security on every tenant table."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"

READ = "SELECT"
APPEND = "SELECT, INSERT"
EDIT = "SELECT, INSERT, UPDATE"
ALL = "SELECT, INSERT, UPDATE, DELETE"

# What the role of requests may do with each tenant table; observations and changes only grow.
APP_GRANTS = {
    "accounts": EDIT,
    "api_keys": EDIT,
    "campaign_members": EDIT,
    "campaign_official_accounts": APPEND,
    "campaigns": EDIT,
    "changes": APPEND,
    "count_snapshots": APPEND,
    "due_polls": ALL,
    "duties": APPEND,
    "employee_nips": EDIT,
    "employees": EDIT,
    "follower_lists": APPEND,
    "follows": EDIT,
    "idempotency_records": ALL,
    "import_faults": ALL,
    "import_rows": ALL,
    "imports": EDIT,
    "official_accounts": EDIT,
    "poll_runs": APPEND,
    "sign_in_links": ALL,
    "verdicts": ALL,
    "web_sessions": ALL,
    "work_units": EDIT,
}

# What the coordinating role may see across tenants: no names, no NIPs, no handles of people.
SYSTEM_GRANTS = {
    "api_keys": "SELECT, UPDATE (last_used_at)",
    "due_polls": "SELECT, UPDATE",
    "official_accounts": READ,
    "sign_in_links": READ,
    "web_sessions": READ,
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for role in ("simedsos_app", "simedsos_system"):
        # Roles belong to the server, not to one database of it.
        op.execute(f"""
            DO $$ BEGIN
                CREATE ROLE {role} NOLOGIN;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
            END $$
        """)
        op.execute(f"""
            DO $$ BEGIN
                -- Where another database of the server made the role, a grant may not be ours to give.
                IF NOT pg_has_role(current_user, '{role}', 'MEMBER') THEN
                    EXECUTE format('GRANT {role} TO %I', current_user);
                END IF;
                EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO {role}', current_database());
            END $$
        """)
        op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    for table, rights in APP_GRANTS.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT {rights} ON {table} TO simedsos_app")
        op.execute(f"""
            CREATE POLICY inside_the_tenant ON {table} TO simedsos_app
            USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
        """)
    for table, rights in SYSTEM_GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO simedsos_system")
        op.execute(f"CREATE POLICY coordination ON {table} TO simedsos_system USING (true)")
    op.execute("ALTER TABLE tenants ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE tenants FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT ON tenants TO simedsos_app")
    op.execute("GRANT SELECT, INSERT ON tenants TO simedsos_system")
    op.execute(f"CREATE POLICY itself ON tenants TO simedsos_app USING (id = {TENANT})")
    op.execute("CREATE POLICY coordination ON tenants TO simedsos_system USING (true)")
    op.execute("GRANT SELECT, INSERT, DELETE ON cron_slots TO simedsos_system")
    op.execute("GRANT SELECT ON alembic_version TO simedsos_system")
