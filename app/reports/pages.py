"""A report as PDF: what the printed pages say, laid out by a template that only sees data."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import typst

from app.disputes.wording import moment
from app.observations.rules import CountInterval
from app.reports import wording
from app.reports.charts import axis, labelled, runs
from app.reports.document import Frozen, known_percent, met_percent

TEMPLATE = Path(__file__).with_name("report.typ")
LONGEST_WORD = 24
# Where a word without a space may be broken, so that no name runs out of its column.
BREAK = "\u200b"
# They fit where they stand, and must be copied as they are.
UNBROKEN = frozenset({"digest", "cohort_digest"})
PARTS = ("met", "unmet", "unknown", "excused", "disputed")
# A narrower part of a bar has no room for its number.
WIDE_ENOUGH = 0.07


def write(frozen: Frozen) -> bytes:
    """The pages; the same document gives the same bytes."""
    frozen_at = datetime.fromisoformat(frozen.content["known_at"]).astimezone(UTC)
    # The template gets names as data and never as its own language, and opens no file.
    return typst.compile(
        TEMPLATE,
        root=TEMPLATE.parent,
        ignore_system_fonts=True,
        sys_inputs={"data": orjson.dumps(_fitted(view(frozen))).decode()},
        # Whole seconds are all that a PDF can hold.
        timestamp=frozen_at.replace(microsecond=0),
    )


def _fitted(value: Any) -> Any:
    """The same content with places where long words may be broken."""
    if isinstance(value, str):
        return " ".join(_broken(word) for word in value.split(" "))
    if isinstance(value, Mapping):
        return {key: each if key in UNBROKEN else _fitted(each) for key, each in value.items()}
    return [_fitted(each) for each in value] if isinstance(value, list | tuple) else value


def _broken(word: str) -> str:
    if len(word) <= LONGEST_WORD:
        return word
    return BREAK.join(
        word[start : start + LONGEST_WORD] for start in range(0, len(word), LONGEST_WORD)
    )


def view(frozen: Frozen) -> dict[str, Any]:
    """Everything that is printed, as written text and as shares of lengths."""
    content = frozen.content
    frozen_at = datetime.fromisoformat(content["known_at"])
    return {
        "number": content["number"],
        "title": content["title"],
        "government": content["government"]["name"],
        "digest": frozen.digest,
        "cohort_digest": content["cohort"]["hash"],
        "as_of": moment(frozen_at),
        "cover": _cover(content),
        "duties": [_duty(each) for each in content["duties"]],
        "expected": wording.number(content["campaign"]["expected_gain"]),
        "accounts": [_account(each, content) for each in content["official_accounts"]],
        "units": _units(content["recaps"]["work_unit"]),
        "recaps": [
            {"title": title, "rows": [_row(each) for each in content["recaps"][by]]}
            for title, by in (
                ("Per kategori pegawai", "category"),
                ("Per platform", "platform"),
                ("Per akun resmi", "official_account"),
            )
        ],
        "counts": list(wording.COUNTS.values()),
        "parts": [{"kind": each, "label": wording.COUNTS[each]} for each in PARTS],
        "ages": _ages(content),
        "paused": [
            [each["name"], wording.PLATFORMS[each["platform"]], wording.pause(each)]
            for each in content["paused_accounts"]
        ],
        "hidden": wording.HIDDEN,
        "hidden_because": content["suppression"]["text"],
        "definitions": [
            [each["name"], each["text"], str(each["version"])] for each in content["definitions"]
        ],
    }


def _cover(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    campaign, cohort = content["campaign"], content["cohort"]
    starts, ends = (datetime.fromisoformat(campaign[end]) for end in ("starts_at", "ends_at"))
    return [
        ("Kampanye", campaign["title"]),
        ("Dasar hukum", f"{campaign['legal_basis']} Nomor {campaign['document_number']}"),
        ("Periode", f"{moment(starts)} s.d. {moment(ends)}"),
        ("Masa tenggang", f"{wording.number(campaign['grace_days'])} hari"),
        ("Kewajiban", "; ".join(wording.duty(each) for each in campaign["duties"])),
        ("Kohor", _cohort(cohort)),
        ("Disusun oleh", content["officer"] or content["created_by"]),
    ]


def _cohort(cohort: Mapping[str, Any]) -> str:
    number = wording.number
    return (
        f"{number(cohort['size'])} anggota saat dibekukan pada"
        f" {moment(datetime.fromisoformat(cohort['frozen_at']))}; kini"
        f" {number(cohort['members'])} anggota. Menurut saringan hari ini"
        f" {number(cohort['joiners'])} akan bertambah dan {number(cohort['leavers'])} akan"
        " berkurang."
    )


def _share(value: float | None) -> str:
    return wording.NOTHING if value is None else wording.percent_text(value)


def _bar(counts: Mapping[str, int] | None) -> list[dict[str, Any]]:
    """The parts of a stacked bar; they add up to everyone who is asked."""
    if counts is None or not counts["eligible"]:
        return []
    shares = {kind: counts[kind] / counts["eligible"] for kind in PARTS if counts[kind]}
    return [
        {
            "kind": kind,
            "share": round(share, 5),
            "label": wording.number(counts[kind]) if share >= WIDE_ENOUGH else "",
        }
        for kind, share in shares.items()
    ]


def _duty(duty: Mapping[str, Any]) -> dict[str, Any]:
    counts = duty["counts"]
    return {
        "name": wording.DUTIES[duty["duty"]],
        "hidden": duty["suppressed"],
        "cells": [wording.number(counts[name]) for name in wording.COUNTS] if counts else [],
        "known": _share(duty["known_percent"]),
        "met": _share(duty["met_percent"]),
        "bar": _bar(counts),
        "unknown": wording.number(counts["unknown"]) if counts else wording.HIDDEN,
        "reasons": [
            [each["text"], wording.number(each["count"])] for each in duty["unknown_reasons"]
        ],
    }


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    counts = row["counts"]
    return {
        "name": row["name"],
        "duty": wording.DUTIES[row["duty"]],
        "depth": row.get("depth", 0),
        "code": row.get("code") or "",
        "hidden": row["suppressed"],
        "cells": [wording.number(counts[name]) for name in wording.COUNTS] if counts else [],
        "known": _share(known_percent(counts)),
        "met": _share(met_percent(counts)),
        "bar": _bar(counts),
    }


def _units(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One table for each duty, so that a page compares like with like."""
    return [
        {"title": title, "rows": [_row(each) for each in rows if each["duty"] == duty]}
        for duty, title in wording.DUTIES.items()
        if any(each["duty"] == duty for each in rows)
    ]


def _reading(reading: Mapping[str, Any] | None) -> str:
    if reading is None:
        return "belum ada pembacaan"
    at = moment(datetime.fromisoformat(reading["observed_at"]))
    return f"{wording.interval(reading)} ({wording.PRECISIONS[reading['precision']]}; {at})"


def _account(account: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    expected = wording.number(content["campaign"]["expected_gain"])
    rows = [
        ("Jumlah awal", _reading(account["baseline"])),
        ("Jumlah terakhir", _reading(account["current"])),
        ("Pertambahan", wording.interval(account["gain"])),
        ("Pertumbuhan", wording.percent_interval(account["growth_percent"])),
        (f"Ketercapaian dari +{expected}", wording.percent_interval(account["attainment_percent"])),
        ("Kekurangan", wording.interval(account["shortfall"])),
        *_whose(account),
        ("Perkiraan tercapai", wording.forecast(account["pace"])),
    ]
    if account["pace"] and account["pace"]["plateau"]:
        rows.append(("Laju", "mendatar: terbukti tidak bertambah dalam tujuh hari terakhir"))
    return {
        "name": account["name"],
        "platform": wording.PLATFORMS[account["platform"]],
        "gain": wording.interval(account["gain"]),
        "growth": wording.percent_interval(account["growth_percent"]),
        "attainment": wording.percent_interval(account["attainment_percent"]),
        "statement": account["under_20_percent_text"],
        "rows": rows,
        "chart": _chart(account),
    }


def _whose(account: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Who the gain consists of, or that it is hidden."""
    whose = account["attribution"] or {}
    told = [
        ("Dari anggota kohor yang baru mengikuti", whose.get("cohort_new")),
        ("Anggota yang sudah mengikuti sebelumnya", whose.get("cohort_before")),
        ("Dari yang lain", whose.get("other")),
        ("Pertambahan yang masih mungkin", account["reachable_gain"]),
    ]
    if account["people_suppressed"]:
        return [(name, wording.HIDDEN) for name, _ in told]
    return [(name, wording.interval(value)) for name, value in told]


def _chart(account: Mapping[str, Any]) -> dict[str, Any] | None:
    """The series as a line with its band; None where nothing was read."""
    items, baseline = account["series"]["items"], account["baseline"]
    readings = [
        None if each["min"] is None else CountInterval(each["min"], each["max"]) for each in items
    ]
    known = [each for each in readings if each is not None]
    if not known:
        return None
    ends = [end for each in known for end in (each.min, each.max)]
    scale = axis([*ends, baseline["min"], baseline["max"]] if baseline else ends)
    last = max(1, len(items) - 1)
    starts = [datetime.fromisoformat(each["start"]) for each in items]
    return {
        "ticks": [{"at": scale.at(each), "label": wording.number(each)} for each in scale.ticks],
        "days": [
            {"at": round(each / last, 5), "label": wording.day(starts[each])}
            for each in labelled(len(items))
        ],
        "runs": [
            {"across": each.across, "low": each.low, "high": each.high}
            for each in runs(readings, scale)
        ],
        "baseline": [scale.at(baseline["min"]), scale.at(baseline["max"])] if baseline else None,
        "gaps": sum(each is None for each in readings),
        "steps": len(readings),
        "step_days": account["series"]["step_days"],
        "from_zero": scale.low == 0,
    }


def _ages(content: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Each source of the numbers: what, which, when, how old."""
    found = []
    evaluated = content["data_age"]["evaluated"]
    found.append(("Penilaian status", wording.NOTHING, *_aged(evaluated)))
    for each in content["data_age"]["official_accounts"]:
        name = f"{each['name']} ({wording.PLATFORMS[each['platform']]})"
        found.append(("Jumlah pengikut", name, *_aged(each["last_reading"])))
        listed = each["last_list"]
        kind = f", {wording.CERTIFICATES[listed['certificate']]}" if listed else ""
        found.append((f"Daftar pengikut{kind}", name, *_aged(listed)))
    return found


def _aged(value: Mapping[str, Any] | None) -> tuple[str, str]:
    if value is None:
        return "belum ada", wording.NOTHING
    return moment(datetime.fromisoformat(value["at"])), value["age_text"]
