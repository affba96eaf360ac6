"""Statements that take rows out of `staged_rows` and put their faults into `staged_faults`."""

from sqlalchemy import TextClause, text

NOBODY = "NULL"
# What a NIP is found by stands first in the rows of people.
BY_NIP = "decode(fields[1], 'hex')"


def rejecting(
    condition: str, *, column: str, code: str, message: str, whose: str = BY_NIP, beside: str = ""
) -> TextClause:
    """Reject the rows for which a condition on `staged` holds; `beside` are CTEs that it names."""
    return text(f"""
WITH RECURSIVE {beside} gone AS (
    DELETE FROM staged_rows AS staged WHERE {condition} RETURNING line, fields
)
INSERT INTO staged_faults (id, line, "column", code, message, nip_hash, fields)
SELECT gen_random_uuid(), line, '{column}', '{code}', '{message}', {whose}, fields FROM gone
""")  # noqa: S608 - Constants of our own modules are put into the statement.


def rejecting_repeated(key: str, *, column: str, whose: str = BY_NIP) -> TextClause:
    """Reject every row whose key stands in an earlier one."""
    return text(f"""
WITH repeated AS (
    SELECT {key} AS key, min(line) AS first FROM staged_rows GROUP BY {key} HAVING count(*) > 1
), gone AS (
    DELETE FROM staged_rows AS staged USING repeated
    WHERE {key} = repeated.key AND staged.line > repeated.first
    RETURNING staged.line, staged.fields, repeated.first
)
INSERT INTO staged_faults (id, line, "column", code, message, nip_hash, fields)
SELECT gen_random_uuid(), line, '{column}', 'repeated',
       'the same row stands at line ' || first || '; keep one of them', {whose}, fields
FROM gone
""")  # noqa: S608 - Constants of our own modules are put into the statement.
