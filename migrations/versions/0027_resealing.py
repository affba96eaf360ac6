"""NIPs that were borne before can be sealed anew, and nothing else of the past be written."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
RESEAL = f"""
CREATE FUNCTION reseal_past_nip(
    tenant uuid, nip uuid, until timestamptz, key_name text, kept bytea
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE employee_nips_past SET key_id = key_name, sealed = kept
    WHERE tenant_id = tenant AND tenant_id = {TENANT} AND id = nip AND known_to = until;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such NIP in the past of this government'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$
"""
SIGNATURE = "reseal_past_nip(uuid, uuid, timestamptz, text, bytea)"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(RESEAL)
    op.execute(f"REVOKE EXECUTE ON FUNCTION {SIGNATURE} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO simedsos_app")
