"""Rows of work units: what only the tree can judge, and how they are merged into it."""

from sqlalchemy import text

from app.exchange.rejecting import NOBODY, rejecting, rejecting_repeated

REPEATED = rejecting_repeated("fields[1]", column="code", whose=NOBODY)

# The parents that stay behind must stand in the file or in the registry; a rejected parent
# rejects its children, which is why the caller repeats this until nothing is rejected.
UNKNOWN_PARENTS = rejecting(
    """
    staged.fields[3] IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM staged_rows AS parent WHERE parent.fields[1] = staged.fields[3])
    AND NOT EXISTS (SELECT 1 FROM work_units AS unit
                    WHERE unit.tenant_id = :tenant_id AND unit.code = staged.fields[3])
    """,
    column="parent_code",
    code="unknown_parent",
    message="there is no work unit with this code in the file or the registry",
    whose=NOBODY,
)

# Following parents upwards inside the file, a row that never arrives stands in a circle.
CIRCLES = rejecting(
    "NOT EXISTS (SELECT 1 FROM arrived WHERE arrived.line = staged.line)",
    column="parent_code",
    code="cycle",
    message="the parents of this unit lead back to itself",
    whose=NOBODY,
    beside="""
arrived AS (
    SELECT line, fields[1] AS code FROM staged_rows AS top
    WHERE fields[3] IS NULL
       OR NOT EXISTS (SELECT 1 FROM staged_rows AS parent WHERE parent.fields[1] = top.fields[3])
    UNION
    SELECT below.line, below.fields[1] FROM staged_rows AS below
    JOIN arrived ON below.fields[3] = arrived.code
),""",
)

INSERT = text("""
WITH done AS (
    INSERT INTO work_units (tenant_id, id, code, name, bkn_unor_id, ancestors)
    SELECT CAST(:tenant_id AS uuid), staged.id, staged.fields[1], staged.fields[2],
           staged.fields[4], ARRAY[staged.id]
    FROM staged_rows AS staged
    WHERE NOT EXISTS (SELECT 1 FROM work_units AS unit
                      WHERE unit.tenant_id = :tenant_id AND unit.code = staged.fields[1])
    RETURNING id
)
INSERT INTO touched_subjects (kind, id) SELECT 'work_unit:created', id FROM done
""")

CHANGE = text("""
WITH done AS (
    UPDATE work_units AS unit
    SET name = staged.fields[2], parent_id = parent.id, updated_at = :now,
        bkn_unor_id = COALESCE(staged.fields[4], unit.bkn_unor_id),
        version = CASE WHEN unit.id = staged.id THEN 1 ELSE unit.version + 1 END
    FROM staged_rows AS staged
    LEFT JOIN work_units AS parent
           ON parent.tenant_id = :tenant_id AND parent.code = staged.fields[3]
    WHERE unit.tenant_id = :tenant_id AND unit.code = staged.fields[1]
      AND (unit.name, unit.parent_id, unit.bkn_unor_id)
          IS DISTINCT FROM (staged.fields[2], parent.id,
                            COALESCE(staged.fields[4], unit.bkn_unor_id))
    RETURNING unit.id
)
INSERT INTO touched_subjects (kind, id) SELECT 'work_unit:updated', id FROM done
WHERE id NOT IN (SELECT id FROM touched_subjects WHERE kind = 'work_unit:created')
""")
