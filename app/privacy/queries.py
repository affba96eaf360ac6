"""What an employee still stands in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.employees.models import Employee
from app.privacy.rules import Involvement

# A notice whose time to reply still runs: nobody has made a finding of it.
UNANSWERED = """
GREATEST(notice.recorded_at + interval '72 hours', COALESCE((
    SELECT max(longer.reply_until) FROM notice_extensions AS longer
    WHERE longer.tenant_id = notice.tenant_id AND longer.notice_id = notice.id),
    '-infinity')) > :now
AND NOT EXISTS (SELECT 1 FROM findings AS finding
                WHERE finding.tenant_id = notice.tenant_id AND finding.notice_id = notice.id)
"""
UNDECIDED = """
NOT EXISTS (SELECT 1 FROM dispute_decisions AS decision
            WHERE decision.tenant_id = dispute.tenant_id AND decision.dispute_id = dispute.id)
"""
INVOLVED = text(f"""
SELECT
    (SELECT count(*) FROM campaign_members AS member
     JOIN campaigns AS campaign
       ON campaign.tenant_id = member.tenant_id AND campaign.id = member.campaign_id
     WHERE member.tenant_id = :tenant_id AND member.employee_id = :employee_id
       AND member.left_on IS NULL AND campaign.ends_at > :now) AS running_campaigns,
    (SELECT count(*) FROM disputes AS dispute
     WHERE dispute.tenant_id = :tenant_id AND dispute.employee_id = :employee_id
       AND {UNDECIDED}) AS undecided_disputes,
    (SELECT count(*) FROM notices AS notice
     WHERE notice.tenant_id = :tenant_id AND notice.employee_id = :employee_id
       AND {UNANSWERED}) AS unanswered_notices
""")  # noqa: S608 - Only the constants above are put into the statement.
# A file that waits to be carried out would bring back who is erased.
PREVIEWS = text("""
DELETE FROM imports AS waiting
WHERE waiting.tenant_id = :tenant_id AND waiting.state = 'previewed' AND EXISTS (
    SELECT 1 FROM import_rows AS staged
    WHERE staged.tenant_id = waiting.tenant_id AND staged.import_id = waiting.id
      AND staged.fields[1] IN (
          SELECT encode(nip.nip_hash, 'hex') FROM employee_nips AS nip
          WHERE nip.tenant_id = :tenant_id AND nip.employee_id = :employee_id
          UNION ALL
          SELECT encode(nip.nip_hash, 'hex') FROM employee_nips_past AS nip
          WHERE nip.tenant_id = :tenant_id AND nip.employee_id = :employee_id))
""")
# Why a row was rejected stays; what stood in it does not.
REJECTED = text("""
UPDATE import_faults AS fault SET nip_hash = NULL, key_id = NULL, cells = NULL, fields = NULL
WHERE fault.tenant_id = :tenant_id AND fault.nip_hash IN (
    SELECT nip.nip_hash FROM employee_nips AS nip
    WHERE nip.tenant_id = :tenant_id AND nip.employee_id = :employee_id
    UNION ALL
    SELECT nip.nip_hash FROM employee_nips_past AS nip
    WHERE nip.tenant_id = :tenant_id AND nip.employee_id = :employee_id)
""")
ERASE = text("SELECT erase_person(:tenant_id, :employee_id)")


async def involvement(session: AsyncSession, employee: Employee, now: datetime) -> Involvement:
    """What an employee still stands in."""
    where = {"tenant_id": employee.tenant_id, "employee_id": employee.id, "now": now}
    row = (await session.execute(INVOLVED, where)).one()
    return Involvement(
        employee.standing, row.running_campaigns, row.undecided_disputes, row.unanswered_notices
    )


async def erase(session: AsyncSession, tenant_id: UUID, employee_id: UUID) -> None:
    """Carry an erasure out that has been written down, in every table and its past."""
    where = {"tenant_id": tenant_id, "employee_id": employee_id}
    # First, since only the NIPs tell which previews name them.
    await session.execute(PREVIEWS, where)
    await session.execute(REJECTED, where)
    await session.execute(ERASE, where)
