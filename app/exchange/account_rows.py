"""Rows of accounts: what only the registry can judge, and how they become declarations."""

from sqlalchemy import text

from app.accounts.queries import ATTESTATION_DUE
from app.exchange.rejecting import rejecting, rejecting_repeated

# One answer to "what is your account there?" each.
REPEATED = rejecting_repeated(
    "ARRAY[fields[1], COALESCE(fields[2], ''), COALESCE(fields[4], fields[3], '')]", column="nip"
)

UNKNOWN_NIPS = rejecting(
    """
    NOT EXISTS (
        SELECT 1 FROM employee_nips AS known
        WHERE known.tenant_id = :tenant_id
          AND known.nip_hash = decode(staged.fields[1], 'hex') AND known.valid_to IS NULL)
    """,
    column="nip",
    code="unknown_employee",
    message="no employee bears this NIP; import the employees first",
)

# Nobody can have vouched for an account on a day that has not come.
FUTURE_ATTESTATIONS = rejecting(
    "CAST(staged.fields[5] AS date) > CAST(:today AS date)",
    column="attested_on",
    code="future",
    message="this day has not come yet; write the day on which the account was verified",
)

# An attestation holds from the last moment of its day, or from now while that day lasts.
ATTESTED_AT = """
    CASE WHEN CAST(staged.fields[5] AS date) = CAST(:today AS date) THEN CAST(:now AS timestamptz)
         ELSE CAST(CAST(staged.fields[5] AS date) + 1 AS timestamp) AT TIME ZONE 'Asia/Jakarta'
              - interval '1 microsecond' END"""

# An account that the employee has already is verified where the file brings an attestation; a
# later one leaves no gap while an earlier one still holds, as in `accounts.rules.verified_from`.
VERIFY = text(f"""
WITH done AS (
    UPDATE accounts AS account
    SET state = 'verified', verified_by = :actor, updated_at = :now, version = account.version + 1,
        verified_at = CASE
            WHEN account.state = 'verified' AND {ATTESTED_AT} < {ATTESTATION_DUE}
            THEN account.verified_at ELSE {ATTESTED_AT} END,
        attested_at = GREATEST(account.attested_at, {ATTESTED_AT})
    FROM staged_rows AS staged
    JOIN employee_nips AS nip
      ON nip.tenant_id = :tenant_id AND nip.nip_hash = decode(staged.fields[1], 'hex')
     AND nip.valid_to IS NULL
    WHERE account.tenant_id = :tenant_id AND account.employee_id = nip.employee_id
      AND account.platform = staged.fields[2] AND account.handle = staged.fields[3]
      AND staged.fields[5] IS NOT NULL
      AND account.state NOT IN ('contested', 'retired')
      AND (account.state <> 'verified' OR account.attested_at IS NULL
           OR account.attested_at < {ATTESTED_AT})
    RETURNING account.id
)
INSERT INTO touched_subjects (kind, id) SELECT 'account:verified', id FROM done
""")  # noqa: S608 - Only the constant above is put into the statement.

INSERT = text(f"""
WITH claims AS (
    SELECT staged.id, staged.line, nip.employee_id, staged.fields[2] AS platform,
           staged.fields[3] AS handle, staged.fields[4] AS platform_id,
           {ATTESTED_AT} AS verified_at
    FROM staged_rows AS staged
    JOIN employee_nips AS nip
      ON nip.tenant_id = :tenant_id AND nip.nip_hash = decode(staged.fields[1], 'hex')
     AND nip.valid_to IS NULL
    WHERE staged.fields[2] IS NOT NULL
), newcomers AS (
    SELECT * FROM claims AS claim
    WHERE NOT EXISTS (
        SELECT 1 FROM accounts AS own
        WHERE own.tenant_id = :tenant_id AND own.employee_id = claim.employee_id
          AND own.platform = claim.platform AND own.handle = claim.handle
          AND own.state <> 'retired')
), held AS (
    SELECT platform, handle, platform_id FROM accounts
    WHERE tenant_id = :tenant_id AND state NOT IN ('contested', 'retired')
), held_handles AS (
    SELECT DISTINCT platform, handle FROM held
), held_ids AS (
    SELECT DISTINCT platform, platform_id FROM held WHERE platform_id IS NOT NULL
), judged AS (
    SELECT newcomers.*,
        row_number() OVER (PARTITION BY newcomers.platform, newcomers.handle ORDER BY line) > 1
        OR (newcomers.platform_id IS NOT NULL
            AND row_number() OVER (PARTITION BY newcomers.platform, newcomers.platform_id
                                   ORDER BY line) > 1)
        OR held_handles.handle IS NOT NULL OR held_ids.platform_id IS NOT NULL AS contested
    FROM newcomers
    LEFT JOIN held_handles ON held_handles.platform = newcomers.platform
                          AND held_handles.handle = newcomers.handle
    LEFT JOIN held_ids ON held_ids.platform = newcomers.platform
                      AND held_ids.platform_id = newcomers.platform_id
), done AS (
    INSERT INTO accounts (tenant_id, id, employee_id, platform, handle, platform_id, state,
                          declared_at, verified_at, attested_at, verified_by)
    SELECT CAST(:tenant_id AS uuid), id, employee_id, platform, handle, platform_id,
           CASE WHEN contested THEN 'contested' WHEN verified_at IS NULL THEN 'declared'
                ELSE 'verified' END,
           CAST(:now AS timestamptz), CASE WHEN contested THEN NULL ELSE verified_at END,
           CASE WHEN contested THEN NULL ELSE verified_at END,
           CASE WHEN contested OR verified_at IS NULL THEN NULL ELSE CAST(:actor AS text) END
    FROM judged
    RETURNING id
)
INSERT INTO touched_subjects (kind, id) SELECT 'account:declared', id FROM done
""")  # noqa: S608 - Only the constant above is put into the statement.

# A file takes no declaration back: "none" only fills a silence.
DECLARED_NONE = text("""
WITH done AS (
    UPDATE employees AS employee
    SET declaration = 'declared_none', updated_at = :now, version = employee.version + 1
    FROM staged_rows AS staged
    JOIN employee_nips AS nip
      ON nip.tenant_id = :tenant_id AND nip.nip_hash = decode(staged.fields[1], 'hex')
     AND nip.valid_to IS NULL
    WHERE employee.tenant_id = :tenant_id AND employee.id = nip.employee_id
      AND staged.fields[2] IS NULL AND employee.declaration IN ('not_asked', 'undeclared')
    RETURNING employee.id
)
INSERT INTO touched_subjects (kind, id) SELECT 'employee:updated', id FROM done
""")

DECLARED = text("""
UPDATE employees AS employee
SET declaration = said.declaration, updated_at = :now, version = employee.version + 1
FROM (
    SELECT account.employee_id,
           CASE WHEN bool_or(account.state = 'verified') THEN 'verified' ELSE 'declared' END
               AS declaration
    FROM accounts AS account
    WHERE account.tenant_id = :tenant_id AND account.state <> 'retired'
      AND account.employee_id IN (
          SELECT nip.employee_id FROM staged_rows AS staged JOIN employee_nips AS nip
          ON nip.tenant_id = :tenant_id AND nip.nip_hash = decode(staged.fields[1], 'hex')
          AND nip.valid_to IS NULL)
    GROUP BY account.employee_id
) AS said
WHERE employee.tenant_id = :tenant_id AND employee.id = said.employee_id
  AND employee.declaration <> said.declaration
""")
