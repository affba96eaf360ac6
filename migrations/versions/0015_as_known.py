"""What was known at a moment: tables that remember their past, and views that show it."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting(''simedsos.tenant_id'', true), '''')::uuid)"
KNOWN = "(SELECT current_setting(''simedsos.known_at'')::timestamptz)"
VALID = (
    "(SELECT COALESCE(nullif(current_setting(''simedsos.valid_at'', true), ''''), ''infinity'')"
    "::timestamptz)"
)
# What is true from when it is recorded, and has no date of its own.
RECORDED = f"LEAST({KNOWN}, {VALID})"

# Each table whose rows change, with the columns that no answer reads: those leave no version.
CHANGING = {
    "accounts": ("last_checked_at", "next_check_at", "updated_at", "version"),
    "campaign_members": (),
    "campaigns": ("updated_at", "version"),
    "employee_nips": (),
    "employees": ("updated_at", "version"),
    "excuses": (),
    "follows": ("last_id", "last_kind", "last_list_id", "last_listed_at", "last_seen_at"),
    "neutrality_windows": (),
    "official_accounts": ("facts_revision", "updated_at", "version"),
    "verdicts": (),
    "work_units": ("updated_at", "version"),
}
GROWING = (
    "account_checks",
    "campaign_official_accounts",
    "count_snapshots",
    "dispute_decisions",
    "disputes",
    "duties",
    "extensions",
    "follower_lists",
    "pair_answers",
    "verdict_clearances",
)
WITHDRAWN = f"CASE WHEN withdrawn_at <= {VALID} THEN withdrawn_at END"
# A fact with a date of its own counts from that date, whenever it was recorded.
DATED = {
    "account_checks": (f"checked_at <= {VALID}", ""),
    "count_snapshots": ("true", ""),
    "dispute_decisions": ("true", ""),
    "disputes": ("true", ""),
    "excuses": ("true", WITHDRAWN),
    "follower_lists": (f"taken_at <= {VALID}", ""),
    "follows": ("true", ""),
    "neutrality_windows": (f"declared_at <= {VALID}", WITHDRAWN),
    "pair_answers": (f"asked_at <= {VALID}", ""),
    "verdict_clearances": ("true", ""),
    "verdicts": ("true", ""),
}

# Every transaction says when it began by the clock of the service; a bare client has none.
MOMENT = """
CREATE FUNCTION present_moment() RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT COALESCE(nullif(current_setting('simedsos.now', true), '')::timestamptz, now())
$$
"""
# Clocks of two machines differ: a row is never known from before its last version.
ANEW = """
CREATE FUNCTION as_known.anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.known_from := GREATEST(OLD.known_from, public.present_moment());
    RETURN NEW;
END $$
"""
# Columns are named, since those of the live table stand in another order once one was added.
REMEMBER = f"""
CREATE FUNCTION as_known.remember(name text, quiet text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    live regclass := format('public.%I', name);
    past text := format('public.%I', name || '_past');
    keys text := (
        SELECT string_agg(format('%I', attname), ', ' ORDER BY array_position(indkey::int2[], attnum))
        FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
        WHERE indrelid = live AND indisprimary);
    columns text;
    was text;
    loud_was text;
    loud_is text;
    each record;
BEGIN
    IF to_regclass(past) IS NULL THEN
        EXECUTE format('CREATE TABLE %s (LIKE %s)', past, live);
        EXECUTE format('ALTER TABLE %s ADD COLUMN known_to timestamptz NOT NULL', past);
        EXECUTE format('ALTER TABLE %s ADD PRIMARY KEY (%s, known_to)', past, keys);
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', past);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', past);
        EXECUTE format('GRANT SELECT ON %s TO simedsos_app', past);
        EXECUTE format('CREATE POLICY inside_the_tenant ON %s TO simedsos_app'
                       ' USING (tenant_id = {TENANT})', past);
        -- Nobody but the triggers below writes it, and they run as the owner, whoever that is.
        EXECUTE format('CREATE POLICY kept_by_triggers ON %s FOR INSERT'
                       ' WITH CHECK (current_user NOT IN (''simedsos_app'', ''simedsos_system''))',
                       past);
    END IF;
    FOR each IN
        SELECT attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute AS told
        WHERE attrelid = live AND attnum > 0 AND NOT attisdropped AND NOT EXISTS (
            SELECT 1 FROM pg_attribute AS kept
            WHERE kept.attrelid = to_regclass(past) AND kept.attname = told.attname)
    LOOP
        EXECUTE format('ALTER TABLE %s ADD COLUMN %I %s', past, each.attname, each.type);
    END LOOP;
    SELECT string_agg(format('%I', attname), ', ' ORDER BY attnum),
           string_agg(format('was.%I', attname), ', ' ORDER BY attnum),
           string_agg(format('OLD.%I', attname), ', ' ORDER BY attnum)
               FILTER (WHERE attname <> ALL (quiet)),
           string_agg(format('NEW.%I', attname), ', ' ORDER BY attnum)
               FILTER (WHERE attname <> ALL (quiet))
    INTO columns, was, loud_was, loud_is
    FROM pg_attribute WHERE attrelid = live AND attnum > 0 AND NOT attisdropped;
    -- A plan for one row that is kept for many would compare each with every other.
    EXECUTE format($body$
        CREATE OR REPLACE FUNCTION as_known.%I() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_nestloop = off AS $code$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                INSERT INTO %s (%s, known_to) SELECT %s, public.present_moment() FROM was
                WHERE was.known_from < public.present_moment();
            ELSE
                INSERT INTO %s (%s, known_to) SELECT %s, anew.known_from FROM was
                JOIN anew USING (%s) WHERE was.known_from < anew.known_from;
            END IF;
            RETURN NULL;
        END $code$
    $body$, 'keep_' || name, past, columns, was, past, columns, was, keys);
    EXECUTE format('CREATE OR REPLACE TRIGGER known_anew BEFORE UPDATE ON %s FOR EACH ROW'
                   ' WHEN ((%s) IS DISTINCT FROM (%s)) EXECUTE FUNCTION as_known.anew()',
                   live, loud_was, loud_is);
    EXECUTE format('CREATE OR REPLACE TRIGGER past_is_kept_of_changes AFTER UPDATE ON %s'
                   ' REFERENCING OLD TABLE AS was NEW TABLE AS anew'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION as_known.%I()', live, 'keep_' || name);
    EXECUTE format('CREATE OR REPLACE TRIGGER past_is_kept_of_deletions AFTER DELETE ON %s'
                   ' REFERENCING OLD TABLE AS was'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION as_known.%I()', live, 'keep_' || name);
END $$
"""
SHOW = """
CREATE FUNCTION as_known.show(name text, moment text, holds text, withdrawn text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    live regclass := format('public.%I', name);
    past regclass := to_regclass(format('public.%I', name || '_past'));
    columns text := (
        SELECT string_agg(CASE WHEN withdrawn <> '' AND attname = 'withdrawn_at'
                               THEN withdrawn || ' AS withdrawn_at' ELSE format('%I', attname) END,
                          ', ' ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = live AND attnum > 0 AND NOT attisdropped);
    shown text := format('SELECT %s FROM %s WHERE known_from <= %s AND %s',
                         columns, live, moment, holds);
BEGIN
    IF past IS NOT NULL THEN
        shown := shown || format(' UNION ALL SELECT %s FROM %s WHERE known_from <= %s'
                                 ' AND known_to > %s AND %s',
                                 columns, past, moment, moment, holds);
    END IF;
    EXECUTE format('CREATE OR REPLACE VIEW as_known.%I WITH (security_invoker = true) AS %s',
                   name, shown);
    EXECUTE format('GRANT SELECT ON as_known.%I TO simedsos_app', name);
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("CREATE SCHEMA as_known")
    op.execute("GRANT USAGE ON SCHEMA as_known TO simedsos_app")
    for function in (MOMENT, ANEW, REMEMBER, SHOW):
        op.execute(function)
    for table in (*CHANGING, *GROWING):
        # Of what was there before, it is known only that it was so at the upgrade. The default is
        # stable, so that no table is written anew for it.
        op.execute(
            "-- squawk-ignore adding-field-with-default\n"
            f"ALTER TABLE {table} ADD COLUMN known_from timestamptz"
            " NOT NULL DEFAULT present_moment()"
        )
    for table, quiet in CHANGING.items():
        # A row that changes only in these has no new version, and its new moment is none of them.
        names = ", ".join(f"'{name}'" for name in ("known_from", *quiet))
        op.execute(f"SELECT as_known.remember('{table}', ARRAY[{names}])")
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_verdicts_past_campaign"
        " ON verdicts_past (tenant_id, campaign_id, known_to)"
    )
    for table in (*CHANGING, *GROWING):
        moment = KNOWN if table in DATED else RECORDED
        holds, withdrawn = DATED.get(table, ("true", ""))
        op.execute(f"SELECT as_known.show('{table}', '{moment}', '{holds}', '{withdrawn}')")
