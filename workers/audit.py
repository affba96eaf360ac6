"""The job handler that writes the ends of the audit chains down outside the database."""

import asyncio

from app.audit import anchors
from app.core.logs import get_logger
from app.core.metrics import record_audit_anchor
from app.core.services import Services
from app.jobs.kinds import AnchorAudit


async def anchor_audit(services: Services, _: AnchorAudit) -> None:
    """Log each chain's end, and append it to the anchor file where one is set."""
    now = services.clock.now()
    async with services.database.system() as session:
        taken = await anchors.take(session, now=now)
    for each in taken:
        get_logger().info(
            "audit chain anchored",
            action="audit_anchored",
            tenant_id=str(each.tenant_id),
            sequence=each.sequence,
            hash=each.hash.hex(),
        )
    path = services.settings.audit_anchor_file
    if path is not None:
        await asyncio.to_thread(anchors.append, path, taken)
    kept = "log" if path is None else "file"
    record_audit_anchor(kept=kept, at_seconds=now.timestamp())
