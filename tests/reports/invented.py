"""Documents of invented reports, as they come out of the database: plain JSON."""

from datetime import datetime, timedelta
from typing import Any

from app.core.clock import JAKARTA
from app.reports.definitions import DEFINITIONS
from app.reports.document import Frozen
from app.reports.wording import HIDDEN, HIDDEN_BECAUSE, age, under_twenty

AT = datetime(2026, 11, 26, 9, 0, tzinfo=JAKARTA)
START = datetime(2026, 11, 1, 0, 0, tzinfo=JAKARTA)
DIGEST = "5e" * 32
# What would be a formula, a link, markup or code wherever it is not taken for a text.
HOSTILE = (
    '=HYPERLINK("http://evil.example")', "+62 811", "-1+1", "@SUM(A1)", "\tTab", "\rCR",
    "http://evil.example", '#import "/etc/passwd": *', "*tebal* _miring_ $x^2$ ~ -- `kode`",
    "<script>", "\\ #text(red)[x] // komentar", "[konten] {kode}", "007",
)  # fmt: skip


def counts(eligible: int, met: int, unmet: int, excused: int = 0, disputed: int = 0) -> dict:
    unknown = eligible - met - unmet - excused - disputed
    return {
        "eligible": eligible, "met": met, "unmet": unmet, "unknown": unknown,
        "excused": excused, "disputed": disputed,
    }  # fmt: skip


def row(key: str, name: str, duty: str, told: dict | None, **fields: Any) -> dict[str, Any]:
    return {
        "key": key, "name": name, "duty": duty, "suppressed": told is None, "counts": told,
        **fields,
    }  # fmt: skip


def reading(low: int, high: int, at: datetime, precision: str = "exact") -> dict[str, Any]:
    return {
        "min": low, "max": high, "observed_at": at.isoformat(), "precision": precision,
        "age_seconds": int((AT - at).total_seconds()),
    }  # fmt: skip


def interval(low: float, high: float) -> dict[str, float]:
    return {"min": low, "max": high}


def series(ends: list[tuple[int, int] | None]) -> dict[str, Any]:
    items = []
    for number, end in enumerate(ends):
        start = START + timedelta(days=number)
        items.append(
            {
                "start": start.isoformat(),
                "observed_at": (start + timedelta(hours=8)).isoformat() if end else None,
                "min": end[0] if end else None,
                "max": end[1] if end else None,
                "precision": "exact" if end else None,
            }
        )
    return {"step_days": 1, "items": items}


def growing(low: int, high: int, gaps: tuple[int, ...] = (), width: int = 0) -> dict[str, Any]:
    days = 26
    ends: list[tuple[int, int] | None] = []
    for number in range(days):
        value = low + (high - low) * number // (days - 1)
        ends.append(None if number in gaps else (value, value + width))
    return series(ends)


def official_account(name: str, key: str = "a1", **fields: Any) -> dict[str, Any]:
    """The golden row: 7,200 before and 8,582 now."""
    return {
        "official_account_id": key, "platform": "instagram", "name": name,
        "since": START.isoformat(), "until": AT.isoformat(),
        "baseline": reading(7200, 7200, START - timedelta(hours=2)),
        "current": reading(8582, 8582, AT - timedelta(minutes=40)),
        "gain": interval(1382, 1382), "growth_percent": interval(19.19, 19.19),
        "growth_under_20_percent": "proven", "under_20_percent_text": under_twenty("proven"),
        "expected_gain": 6750, "attainment_percent": interval(20.47, 20.47),
        "shortfall": interval(5368, 5368),
        "attribution": {"cohort_new": interval(600, 1250), "cohort_before": interval(2100, 2750),
                        "other": interval(132, 782)},
        "reachable_gain": interval(3800, 4450), "people_suppressed": False,
        "pace": {"reached_from": "2027-01-10", "reached_until": "2027-02-20", "plateau": False},
        "series": growing(7210, 8582, gaps=(6, 7, 15)),
        **fields,
    }  # fmt: skip


def empty_account(name: str, key: str) -> dict[str, Any]:
    nothing = dict.fromkeys(
        ("baseline", "current", "gain", "growth_percent", "growth_under_20_percent",
         "attainment_percent", "shortfall", "attribution", "reachable_gain", "pace")
    )  # fmt: skip
    return official_account(
        name, key, **nothing, under_20_percent_text=under_twenty(None), series=series([None] * 26)
    )


def aged(at: datetime) -> dict[str, Any]:
    seconds = int((AT - at).total_seconds())
    return {"at": at.isoformat(), "age_seconds": seconds, "age_text": age(seconds)}


def ages_of(accounts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "evaluated": aged(AT - timedelta(minutes=7)),
        "official_accounts": [
            {
                "official_account_id": each["official_account_id"], "name": each["name"],
                "platform": each["platform"],
                "last_reading": aged(AT - timedelta(minutes=40)) if each["current"] else None,
                "last_list": (
                    {**aged(AT - timedelta(days=3)), "certificate": "complete"}
                    if each["current"] else None
                ),
            }
            for each in accounts
        ],
    }  # fmt: skip


def units(number: int, *, long: bool = False) -> list[dict[str, Any]]:
    """A province with agencies, every fifth of them a division below the one before."""
    found = []
    for duty in ("declare", "follow"):
        total = counts(6750, 4100, 1900, 80, 3)
        found.append(row("u0", "Provinsi Sumatera Selatan", duty, total, code="16", depth=0))
    for index in range(1, number):
        name = f"Dinas Pekerjaan Umum dan Penataan Ruang {index}"
        if long:
            name += " " + "Bidang Pengelolaan Sumber Daya Air dan Irigasi Wilayah" * 3
        told = None if index % 11 == 3 else counts(40 + index, 20, 10, index % 4, index % 3)
        depth = 2 if index % 5 == 0 else 1
        found += [
            row(f"u{index}", name, duty, told, code=f"16.{index:03d}", depth=depth)
            for duty in ("declare", "follow")
        ]
    return found


def duties(declare: dict | None, follow: dict | None) -> list[dict[str, Any]]:
    return [
        {
            "duty": duty, "suppressed": told is None, "counts": told,
            "known_percent": 89.9 if told else None, "met_percent": 60.74 if told else None,
            "unknown_reasons": (
                [{"reason": "stale", "text": "data sudah lama dan menunggu pembaruan",
                  "count": told["unknown"]}] if told and told["unknown"] else []
            ),
        }
        for duty, told in (("declare", declare), ("follow", follow))
    ]  # fmt: skip


def content(**fields: Any) -> dict[str, Any]:
    accounts = fields.pop("official_accounts", [official_account("Pemprov Sumsel")])
    declare, follow = counts(6750, 4100, 1900, 80, 3), counts(5120, 1200, 800, 60, 12)
    known = {
        "schema": "simedsos.report", "schema_version": 1, "number": "007/SIMEDSOS/2026",
        "title": "Laporan PPPK mengikuti akun resmi", "created_by": "api_key:1",
        "officer": "Siti Rahayu", "valid_at": AT.isoformat(), "known_at": AT.isoformat(),
        "timezone": "Asia/Jakarta",
        "government": {"name": "Pemerintah Provinsi Sumatera Selatan"},
        "campaign": {
            "id": "c1", "title": "PPPK mengikuti akun resmi",
            "legal_basis": "Surat Edaran Gubernur", "document_number": "555/1/2026",
            "starts_at": START.isoformat(),
            "ends_at": (START + timedelta(days=60)).isoformat(),
            "grace_days": 14, "stale_after_days": 30, "expected_gain": 6750,
            "duties": [{"kind": "declare", "platforms": ["instagram", "tiktok"], "mode": "any"},
                       {"kind": "follow", "platforms": [], "mode": "any"}],
        },
        "cohort": {"size": 6750, "hash": "ab" * 32, "frozen_at": START.isoformat(),
                   "members": 6741, "joiners": 12, "leavers": 3},
        "data_age": ages_of(accounts),
        "duties": duties(declare, follow),
        "recaps": {
            "work_unit": units(12),
            "category": [
                row("pppk", "PPPK", duty, told)
                for duty, told in (("declare", declare), ("follow", follow))
            ],
            "platform": [row("instagram", "Instagram", "follow", follow)],
            "official_account": [
                row(each["official_account_id"], each["name"], "follow", follow,
                    platform=each["platform"]) for each in accounts
            ],
        },
        "official_accounts": accounts, "paused_accounts": [],
        "suppression": {"fewest": 5, "shown_as": HIDDEN, "text": HIDDEN_BECAUSE},
        "definitions": [
            {"key": each.key, "name": each.name, "text": each.text, "version": each.version}
            for each in DEFINITIONS
        ],
    }  # fmt: skip
    return {**known, **fields}


def frozen(**fields: Any) -> Frozen:
    return Frozen(content(**fields), DIGEST)
