"""Reading /metrics as Prometheus does, and a world of many governments made by SQL."""

from datetime import datetime

import httpx
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from app.core.services import Services
from app.identity import service as identity

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]
GOVERNMENTS, ACCOUNTS, CAMPAIGNS = 60, 15, 3
# Two accounts on each platform but one; nobody lists followers on the first two of them.
PLATFORMS = ("facebook", "youtube", "instagram", "tiktok", "threads", "x", "bluesky", "mastodon")

OFFICIAL = """
WITH made AS (
    INSERT INTO official_accounts (tenant_id, id, platform, handle, name, owner_kind,
                                   poll_interval_seconds, active)
    SELECT :tenant, gen_random_uuid(), (CAST(:platforms AS text[]))[mod(number, 8) + 1],
           'resmi' || number, 'Resmi ' || number, 'office', 300, true
    FROM generate_series(0, :accounts - 1) AS number
    RETURNING tenant_id, id, platform
), counted AS (
    INSERT INTO count_snapshots (tenant_id, official_account_id, slot, followers_min,
                                 followers_max, raw, precision, source, observed_at, suspicious)
    SELECT tenant_id, id, :now, 10, 10, '10', 'exact', 'api', :now, false FROM made
)
INSERT INTO follower_lists (tenant_id, id, official_account_id, platform, source, digest, taken_at,
                            listed, matched, deleted, reached_end, certificate, reasons,
                            recorded_by)
SELECT tenant_id, gen_random_uuid(), id, platform, 'export', '', :now, 10, 0, 0, true, 'complete',
       '{}', 'tests' FROM made WHERE platform NOT IN ('facebook', 'youtube')
"""
UNIT = """
INSERT INTO work_units (tenant_id, id, code, name, ancestors)
VALUES (:tenant, :tenant, '16', 'Provinsi', ARRAY[CAST(:tenant AS uuid)])
"""
CAMPAIGN = """
WITH made AS (
    INSERT INTO campaigns (tenant_id, id, title, legal_basis, document_number, starts_at, ends_at,
                           expected_gain, stale_after_days, cohort_filter, cohort_size, cohort_hash,
                           cohort_frozen_at, evaluated_at)
    SELECT :tenant, gen_random_uuid(), 'K', 'SE', '1', CAST(:now AS timestamptz) - interval '9 d',
           CAST(:now AS timestamptz) + interval '9 d', 1, 30, '{}', 20, '', :now, :now
    FROM generate_series(1, :campaigns)
    RETURNING tenant_id, id
), tallied AS (
    INSERT INTO verdict_tallies (tenant_id, campaign_id) SELECT tenant_id, id FROM made
), people AS (
    INSERT INTO verdict_people (tenant_id, campaign_id, unit_id, category, duty_kind,
                                official_account_ids, people)
    SELECT tenant_id, id, tenant_id, 'pppk', duty, '{}', 20
    FROM made CROSS JOIN unnest(ARRAY['follow', 'declare']) AS duty
)
INSERT INTO verdict_counts (tenant_id, campaign_id, id, duty_kind, official_account_id, unit_id,
                            category, eligible, met, unmet, unknown, excused, disputed, reasons)
SELECT tenant_id, id, gen_random_uuid(), duty, NULL, tenant_id, 'pppk', 20, 8, 4, 6, 2, 0, '{}'
FROM made CROSS JOIN unnest(ARRAY['follow', 'declare']) AS duty
"""


async def make_governments(services: Services, number: int = GOVERNMENTS) -> None:
    """Governments of 15 official accounts and 3 judged campaigns each."""
    now = services.clock.now()
    for each in range(number):
        async with services.database.system() as session:
            tenant = await identity.create_tenant(
                session, slug=f"pemda-{each:02d}", name=f"Pemda {each}"
            )
        where = {"tenant": tenant, "now": now}
        async with services.database.transaction(tenant) as session:
            await session.execute(
                text(OFFICIAL), {**where, "platforms": list(PLATFORMS), "accounts": ACCOUNTS}
            )
            await session.execute(text(UNIT), {"tenant": tenant})
            await session.execute(text(CAMPAIGN), {**where, "campaigns": CAMPAIGNS})


class Scraped:
    """One scrape."""

    def __init__(self, exposition: str) -> None:
        self.text = exposition
        self.series: Series = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(exposition)
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float | None:
        """The value of the one series of this name that bears these labels; None without one."""
        found = [
            value
            for (each, has), value in self.series.items()
            if each == name and labels.items() <= dict(has).items()
        ]
        assert len(found) <= 1, found
        return found[0] if found else None

    def moment(self, name: str, at: datetime, **labels: str) -> bool:
        """Whether a series holds a moment."""
        return self.value(name, **labels) == at.timestamp()

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.series}


async def scrape(http: httpx.AsyncClient) -> Scraped:
    answer = await http.get("/metrics")
    assert answer.status_code == 200, answer.text
    return Scraped(answer.text)
