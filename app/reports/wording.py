"""What a report says in Indonesian: calm names for every state, and numbers as people read them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from app.core.clock import JAKARTA
from app.disputes.wording import MONTHS

HIDDEN = "<5 / disembunyikan"
HIDDEN_BECAUSE = (
    "Angka disembunyikan karena menyangkut kurang dari 5 orang, atau karena angka tersebut dapat"
    " dihitung kembali dari angka lain."
)
NOT_KNOWN = "belum diketahui"
NOTHING = "-"

COUNTS: Mapping[str, str] = {
    "eligible": "Sasaran",
    "met": "Terkonfirmasi",
    "unmet": "Belum terkonfirmasi",
    "unknown": "Belum diketahui",
    "excused": "Dikecualikan",
    "disputed": "Dalam sanggahan",
}
DUTIES: Mapping[str, str] = {
    "declare": "Pendataan akun pegawai",
    "follow": "Mengikuti akun resmi",
}
CATEGORIES: Mapping[str, str] = {
    "pns": "PNS",
    "pppk": "PPPK",
    "pppk_paruh_waktu": "PPPK paruh waktu",
}
PLATFORMS: Mapping[str, str] = {
    "bluesky": "Bluesky",
    "facebook": "Facebook",
    "instagram": "Instagram",
    "mastodon": "Mastodon",
    "threads": "Threads",
    "tiktok": "TikTok",
    "x": "X",
    "youtube": "YouTube",
}
MODES: Mapping[str, str] = {
    "any": "salah satu platform",
    "each": "setiap platform",
}
PRECISIONS: Mapping[str, str] = {
    "exact": "tepat",
    "rounded": "dibulatkan oleh platform",
    "truncated": "dipotong oleh platform",
    "abbreviated": "disingkat oleh platform",
}
CERTIFICATES: Mapping[str, str] = {
    "complete": "lengkap",
    "partial": "sebagian",
    "void": "tidak dapat dipakai",
}
PROOFS: Mapping[str, str] = {
    "proven": "terbukti",
    "refuted": "terbukti tidak demikian",
    "undecidable": "tidak dapat dipastikan dari data yang ada",
}
PAUSES: Mapping[str, str] = {
    "neutrality_window": "masa netralitas pemilihan",
    "office_term_ended": "masa jabatan telah berakhir",
}
REASONS: Mapping[str, str] = {
    "seen_in_list": "tercantum dalam daftar pengikut",
    "pair_positive": "platform menjawab bahwa akun mengikuti",
    "shown_by_employee": "ditunjukkan sendiri oleh pegawai",
    "declared_account": "akun telah didata",
    "absent_from_two_complete_lists": "tidak tercantum dalam dua daftar pengikut lengkap",
    "pair_negative": "platform menjawab bahwa akun tidak tercatat sebagai pengikut",
    "undeclared": "data akun belum diterima",
    "declared_none": "menyampaikan belum memiliki akun",
    "platform_undeclared": "belum ada akun pada platform yang diminta",
    "disputed": "sanggahan sedang diperiksa",
    "dispute_upheld": "sanggahan diterima; menunggu pemeriksaan berikutnya",
    "not_due_yet": "tenggat belum tiba",
    "account_contested": "kepemilikan akun masih perlu dipastikan",
    "blocked": "akun tidak dapat saling melihat karena pemblokiran",
    "awaiting_second_list": "menunggu daftar pengikut lengkap kedua",
    "stale": "data sudah lama dan menunggu pembaruan",
    "account_unverified": "akun belum diverifikasi",
    "list_partial": "daftar pengikut belum lengkap",
    "platform_cannot_tell": "platform tidak menyediakan keterangan ini",
    "never_checked": "belum pernah diperiksa",
}


def number(value: int) -> str:
    """A whole number with points between thousands: 8.582."""
    return f"{value:,}".replace(",", ".").replace("-", "−")  # noqa: RUF001 - The minus sign.


def percent_text(value: float) -> str:
    """A percentage of 2 decimals: 19,19 %."""
    whole, _, cents = f"{Decimal(str(value)):.2f}".partition(".")
    sign = "−" if whole.startswith("-") else ""  # noqa: RUF001 - The minus sign.
    return f"{sign}{number(abs(int(whole)))},{cents} %"


def between(low: str, high: str) -> str:
    """An interval of two written numbers, or the one number that it is."""
    return low if low == high else f"{low} s.d. {high}"


def interval(value: Mapping[str, int] | None) -> str:
    """A whole number that lies in [min, max]."""
    if value is None:
        return NOT_KNOWN
    return between(number(value["min"]), number(value["max"]))


def percent_interval(value: Mapping[str, float] | None) -> str:
    """A percentage that lies in [min, max]."""
    if value is None:
        return NOT_KNOWN
    return between(percent_text(value["min"]), percent_text(value["max"]))


def day(moment: datetime) -> str:
    """A day in the west of Indonesia: 26 November 2026."""
    local = moment.astimezone(JAKARTA)
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}"


def age(seconds: int) -> str:
    """An age in its largest whole unit: 3 hari."""
    for size, word in ((86_400, "hari"), (3_600, "jam"), (60, "menit")):
        if seconds >= size:
            return f"{number(seconds // size)} {word}"
    return "kurang dari 1 menit"


def duty(duty: Mapping[str, object]) -> str:
    """What is asked, and on which platforms."""
    platforms = duty["platforms"]
    named = [PLATFORMS[each] for each in platforms] if isinstance(platforms, Sequence) else []
    where = f" ({', '.join(named)}; {MODES[str(duty['mode'])]})" if named else ""
    return DUTIES[str(duty["kind"])] + where


def under_twenty(proof: str | None) -> str:
    """Whether the statement "under 20 %" holds of a growth."""
    return f"Pertumbuhan di bawah 20 %: {PROOFS[proof] if proof else NOT_KNOWN}."


def pause(paused: Mapping[str, object]) -> str:
    """Why nothing is told of an official account, and until when."""
    because = PAUSES[str(paused["reason"])]
    until = paused["until"]
    return because if until is None else f"{because} s.d. {written_day(str(until))}"


def written_day(iso: str) -> str:
    """A date such as 2026-11-26 in words."""
    year, month, day_of_month = iso.split("-")
    return f"{int(day_of_month)} {MONTHS[int(month) - 1]} {int(year)}"


def forecast(pace: Mapping[str, object] | None) -> str:
    """When the target is reached at the present pace."""
    if pace is None:
        return NOT_KNOWN
    ends = [written_day(str(pace[end])) for end in ("reached_from", "reached_until") if pace[end]]
    if not ends:
        return "tidak tercapai dalam waktu yang dapat diperkirakan, atau belum diketahui"
    if pace["reached_until"] is None:
        return f"paling cepat {ends[0]}; batas akhirnya belum diketahui"
    if pace["reached_from"] is None:
        return f"paling lambat {ends[0]}"
    return between(*ends)
