"""Rows of employees: what only the registry can judge, how they are merged, and who has left."""

from sqlalchemy import text

from app.exchange.rejecting import rejecting, rejecting_repeated

REPEATED = rejecting_repeated("fields[1]", column="nip")

# An id of BKN's that several units bear names none of them.
UNITS_BY_UNOR = text("""
UPDATE staged_rows AS staged SET fields[4] = unit.code
FROM work_units AS unit
WHERE unit.tenant_id = :tenant_id AND staged.fields[4] IS NULL
  AND lower(unit.bkn_unor_id) = staged.fields[10]
  AND NOT EXISTS (
      SELECT 1 FROM work_units AS other
      WHERE other.tenant_id = :tenant_id AND lower(other.bkn_unor_id) = staged.fields[10]
        AND other.id <> unit.id)
""")

UNKNOWN_UNITS = rejecting(
    """
    NOT EXISTS (
        SELECT 1 FROM work_units AS unit
        WHERE unit.tenant_id = :tenant_id AND unit.code = staged.fields[4])
    """,
    column="unit_code",
    code="unknown_unit",
    message="there is no work unit with this code; import the work units first",
)

# What a file says of a standing counts; where it says nothing, who had left is back at work.
STANDING = """
    COALESCE(staged.fields[6],
             CASE WHEN employee.standing = 'left' THEN 'active' ELSE employee.standing END)"""

CHANGE = text(f"""
WITH done AS (
    UPDATE employees AS employee
    SET name = staged.fields[2], category = staged.fields[3], unit_id = unit.id,
        position = COALESCE(staged.fields[5], employee.position), standing = {STANDING},
        updated_at = :now, version = employee.version + 1
    FROM staged_rows AS staged
    JOIN employee_nips AS nip
      ON nip.tenant_id = :tenant_id AND nip.nip_hash = decode(staged.fields[1], 'hex')
     AND nip.valid_to IS NULL
    JOIN work_units AS unit ON unit.tenant_id = :tenant_id AND unit.code = staged.fields[4]
    WHERE employee.tenant_id = :tenant_id AND employee.id = nip.employee_id
      AND (employee.name, employee.category, employee.unit_id, employee.position,
           employee.standing)
          IS DISTINCT FROM (staged.fields[2], staged.fields[3], unit.id,
                            COALESCE(staged.fields[5], employee.position), {STANDING})
    RETURNING employee.id
)
INSERT INTO touched_subjects (kind, id) SELECT 'employee:updated', id FROM done
""")  # noqa: S608 - Only the constant above is put into the statement.

INSERT = text("""
WITH newcomers AS (
    SELECT staged.id, staged.fields, unit.id AS unit_id
    FROM staged_rows AS staged
    JOIN work_units AS unit ON unit.tenant_id = :tenant_id AND unit.code = staged.fields[4]
    WHERE NOT EXISTS (
        SELECT 1 FROM employee_nips AS nip WHERE nip.tenant_id = :tenant_id
        AND nip.nip_hash = decode(staged.fields[1], 'hex') AND nip.valid_to IS NULL)
), inserted AS (
    INSERT INTO employees (tenant_id, id, name, category, standing, unit_id, position,
                           declaration)
    SELECT CAST(:tenant_id AS uuid), id, fields[2], fields[3], COALESCE(fields[6], 'active'),
           unit_id, fields[5], 'not_asked'
    FROM newcomers
    RETURNING id
), numbered AS (
    INSERT INTO employee_nips (tenant_id, id, employee_id, nip_hash, key_id, sealed, valid_from)
    SELECT CAST(:tenant_id AS uuid), gen_random_uuid(), id, decode(fields[1], 'hex'),
           split_part(fields[9], ':', 1), decode(split_part(fields[9], ':', 2), 'base64'), :today
    FROM newcomers
)
INSERT INTO touched_subjects (kind, id) SELECT 'employee:created', id FROM inserted
""")

# Whom a full list is about, and who of them does not stand in it. Whoever stands in a row that was
# rejected for something else than the NIP has not left.
STANDING_IN = """
    SELECT decode(fields[1], 'hex') AS nip_hash FROM staged_rows
    UNION
    SELECT nip_hash FROM import_faults
    WHERE tenant_id = :tenant_id AND import_id = :import_id AND nip_hash IS NOT NULL"""
AT_WORK = """
    employee.tenant_id = :tenant_id AND employee.standing NOT IN ('retired', 'dismissed', 'left')
    AND (CAST(:full_of AS text) IS NULL OR employee.category = :full_of)"""

SHRINKING = text(f"""
WITH present AS ({STANDING_IN})
SELECT count(*) AS before, count(*) FILTER (WHERE present.nip_hash IS NULL) AS leavers,
       EXISTS (SELECT 1 FROM import_faults
               WHERE tenant_id = :tenant_id AND import_id = :import_id AND nip_hash IS NULL)
           AS withheld
FROM employees AS employee
JOIN employee_nips AS nip
  ON nip.tenant_id = employee.tenant_id AND nip.employee_id = employee.id AND nip.valid_to IS NULL
LEFT JOIN present ON present.nip_hash = nip.nip_hash
WHERE {AT_WORK}
""")  # noqa: S608 - Only the constants above are put into the statement.

LEAVE = text(f"""
WITH present AS ({STANDING_IN}), done AS (
    UPDATE employees AS employee
    SET standing = 'left', updated_at = :now, version = employee.version + 1
    FROM employee_nips AS nip
    WHERE {AT_WORK}
      AND nip.tenant_id = employee.tenant_id AND nip.employee_id = employee.id
      AND nip.valid_to IS NULL
      AND NOT EXISTS (SELECT 1 FROM present WHERE present.nip_hash = nip.nip_hash)
    RETURNING employee.id
)
INSERT INTO touched_subjects (kind, id) SELECT 'employee:updated', id FROM done
""")  # noqa: S608 - Only the constants above are put into the statement.

# Only Python can open, compare and store addresses; it takes them in portions.
ADDRESSES = text("""
CREATE TEMP TABLE staged_addresses ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY staged.line) AS place, nip.employee_id,
       staged.fields[7] AS email, staged.fields[8] AS phone
FROM staged_rows AS staged
JOIN employee_nips AS nip
  ON nip.tenant_id = :tenant_id AND nip.nip_hash = decode(staged.fields[1], 'hex')
 AND nip.valid_to IS NULL
WHERE staged.fields[7] IS NOT NULL OR staged.fields[8] IS NOT NULL
""")
ADDRESSES_IN_ORDER = text("CREATE INDEX ON staged_addresses (place)")
SOME_ADDRESSES = text("""
SELECT employee_id, email, phone FROM staged_addresses
WHERE place > :after AND place <= :until ORDER BY place
""")
REACHED = text("""
INSERT INTO touched_subjects (kind, id)
SELECT 'contact:changed', id FROM unnest(CAST(:ids AS uuid[])) AS id
""")
