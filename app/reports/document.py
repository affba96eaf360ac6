"""The frozen content of a report: one canonical JSON document, and its digest."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import orjson

from app.campaigns.models import DutyKind
from app.campaigns.rules import FEWEST, too_few
from app.campaigns.schemas import GrowthOut
from app.compliance.schemas import RecapRow
from app.core.clock import JAKARTA
from app.reports import wording
from app.reports.definitions import DEFINITIONS
from app.reports.gathering import Facts
from app.reports.rules import in_tree_order, share_in_percent

SCHEMA = "simedsos.report"
# Moves with every change of shape; renderings read the version that they were given.
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Heading:
    """What names a report."""

    number: str
    title: str
    created_by: str
    officer: str | None
    frozen_at: datetime


@dataclass(frozen=True, slots=True)
class Frozen:
    """A document as it was frozen: what renderings are made from, and nothing else."""

    content: Mapping[str, Any]
    digest: str


def canonical(content: Mapping[str, Any]) -> bytes:
    """The document's bytes: UTF-8, keys in order, no spaces; the same content gives the same."""
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def digest_of(document: bytes) -> bytes:
    """SHA-256 of a canonical document."""
    return hashlib.sha256(document).digest()


def build(heading: Heading, facts: Facts) -> dict[str, Any]:
    """The whole content; moments are written in the time of western Indonesia (WIB)."""
    moment = in_wib(heading.frozen_at)
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "number": heading.number,
        "title": heading.title,
        "created_by": heading.created_by,
        "officer": heading.officer,
        "valid_at": moment,
        "known_at": moment,
        "timezone": "Asia/Jakarta",
        "government": {"name": facts.government},
        "campaign": _campaign(facts),
        "cohort": _cohort(facts),
        "data_age": _data_age(facts, heading.frozen_at),
        "duties": _duties(facts),
        "recaps": _recaps(facts),
        "official_accounts": [_official_account(facts, each) for each in facts.growth],
        "paused_accounts": [
            each.model_dump(mode="json") for each in facts.progress.paused_accounts
        ],
        "suppression": {
            "fewest": FEWEST,
            "shown_as": wording.HIDDEN,
            "text": wording.HIDDEN_BECAUSE,
        },
        "definitions": [asdict(each) for each in DEFINITIONS],
    }


def in_wib(value: Any) -> Any:
    """The same content for JSON, with every moment in WIB."""
    if isinstance(value, datetime):
        return value.astimezone(JAKARTA).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: in_wib(each) for key, each in value.items()}
    return [in_wib(each) for each in value] if isinstance(value, list) else value


def _campaign(facts: Facts) -> dict[str, Any]:
    campaign = facts.campaign
    return {
        "id": str(campaign.id),
        "title": campaign.title,
        "legal_basis": campaign.legal_basis,
        "document_number": campaign.document_number,
        "starts_at": in_wib(campaign.starts_at),
        "ends_at": in_wib(campaign.ends_at),
        "grace_days": campaign.grace_days,
        "stale_after_days": campaign.stale_after_days,
        "expected_gain": campaign.expected_gain,
        "duties": [
            {"kind": each.kind.value, "platforms": sorted(each.platforms), "mode": each.mode.value}
            for each in facts.duties
        ],
    }


def _cohort(facts: Facts) -> dict[str, Any]:
    return {
        "size": facts.campaign.cohort_size,
        "hash": facts.campaign.cohort_hash.hex(),
        "frozen_at": in_wib(facts.campaign.cohort_frozen_at),
        "members": facts.progress.members,
        "joiners": facts.progress.joiners,
        "leavers": facts.progress.leavers,
    }


def _aged(moment: datetime | None, now: datetime) -> dict[str, Any] | None:
    if moment is None:
        return None
    seconds = max(0, int((now - moment).total_seconds()))
    return {"at": in_wib(moment), "age_seconds": seconds, "age_text": wording.age(seconds)}


def _data_age(facts: Facts, now: datetime) -> dict[str, Any]:
    accounts = []
    for each in facts.growth:
        taken = facts.last_lists.get(each.official_account_id)
        listed = _aged(taken.taken_at, now) if taken is not None else None
        accounts.append(
            {
                "official_account_id": str(each.official_account_id),
                "name": each.name,
                "platform": each.platform.value,
                "last_reading": _aged(each.current.observed_at if each.current else None, now),
                "last_list": (
                    {**listed, "certificate": taken.certificate}
                    if listed is not None and taken is not None
                    else None
                ),
            }
        )
    return {"evaluated": _aged(facts.progress.evaluated_at, now), "official_accounts": accounts}


def _duties(facts: Facts) -> list[dict[str, Any]]:
    reasons: dict[str, list[dict[str, Any]]] = {}
    for row in facts.unknown:
        told = {"reason": row.reason, "text": wording.REASONS[row.reason], "count": row.verdicts}
        reasons.setdefault(row.duty_kind, []).append(told)
    found = []
    for duty in facts.progress.duties:
        counts = duty.counts.model_dump() if duty.counts else None
        found.append(
            {
                "duty": duty.duty.value,
                "suppressed": duty.suppressed,
                "counts": counts,
                "known_percent": known_percent(counts),
                "met_percent": met_percent(counts),
                "unknown_reasons": [] if duty.suppressed else reasons.get(duty.duty.value, []),
            }
        )
    return found


def known_percent(counts: Mapping[str, int] | None) -> float | None:
    """How much of what is asked is known either way, in percent."""
    if counts is None:
        return None
    return share_in_percent(counts["met"] + counts["unmet"], counts["eligible"])


def met_percent(counts: Mapping[str, int] | None) -> float | None:
    """How much of what is asked is confirmed, in percent."""
    return None if counts is None else share_in_percent(counts["met"], counts["eligible"])


def _row(row: RecapRow, **fields: Any) -> dict[str, Any]:
    return {
        "key": row.key,
        "name": row.name,
        "duty": row.duty.value,
        "suppressed": row.suppressed,
        "counts": row.counts.model_dump() if row.counts else None,
        **fields,
    }


def _recaps(facts: Facts) -> dict[str, list[dict[str, Any]]]:
    recaps = facts.recaps
    platforms = {str(each.official_account_id): each.platform.value for each in facts.growth}
    return {
        "work_unit": _units(recaps["work_unit"].items, facts),
        "category": [
            _row(each, name=wording.CATEGORIES[each.key]) for each in recaps["category"].items
        ],
        "platform": [
            _row(each, name=wording.PLATFORMS[each.key]) for each in recaps["platform"].items
        ],
        "official_account": [
            _row(each, platform=platforms.get(each.key))
            for each in recaps["official_account"].items
        ],
    }


def _units(rows: Iterable[RecapRow], facts: Facts) -> list[dict[str, Any]]:
    by_unit: dict[str, list[RecapRow]] = {}
    for row in rows:
        by_unit.setdefault(row.key, []).append(row)
    codes = {key: each[0].code or "" for key, each in by_unit.items()}
    parents = {str(key): str(above) if above else None for key, above in facts.parents.items()}
    return [
        _row(row, code=row.code, depth=depth)
        for key, depth in in_tree_order(codes, parents)
        for row in by_unit[key]
    ]


def _official_account(facts: Facts, account: GrowthOut) -> dict[str, Any]:
    """One account's growth; who its gain consists of is hidden where few people are concerned."""
    content: dict[str, Any] = in_wib(account.model_dump(exclude={"paused"}))
    content["official_account_id"] = str(account.official_account_id)
    content["platform"] = account.platform.value
    hidden = _tells_of_few(facts, str(account.official_account_id))
    if hidden:
        content["attribution"] = content["reachable_gain"] = None
    content["people_suppressed"] = hidden
    content["under_20_percent_text"] = wording.under_twenty(account.growth_under_20_percent)
    series = facts.series[account.official_account_id]
    content["series"] = {
        "step_days": series.step_days,
        "items": [
            in_wib(each.model_dump(include={"start", "observed_at"}))
            | {"min": each.followers_min, "max": each.followers_max}
            | {"precision": each.precision.value if each.precision else None}
            for each in series.items
        ],
    }
    return content


def _tells_of_few(facts: Facts, official_account_id: str) -> bool:
    duties = [each.suppressed for each in facts.progress.duties if each.duty is DutyKind.FOLLOW]
    rows = [
        each.suppressed
        for each in facts.recaps["official_account"].items
        if each.key == official_account_id
    ]
    return any([*duties, *rows]) or too_few(facts.progress.members)
