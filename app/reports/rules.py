"""How reports are numbered, how units stand in their tree, and which shares are told; pure."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction

from app.campaigns.rules import percent

# A longer series is told by the last reading of several days, so that it can still be drawn.
MOST_POINTS = 400


def number_of(serial: int, year: int) -> str:
    """A report's number, such as 007/SIMEDSOS/2026; serials begin at 1 in every year."""
    return f"{serial:03d}/SIMEDSOS/{year}"


def share_in_percent(part: int, whole: int) -> float | None:
    """A share of a sum in percent, to 2 decimals; None of nothing."""
    return None if whole == 0 else float(percent(Fraction(part, whole)))


def in_tree_order(
    codes: Mapping[str, str], parents: Mapping[str, str | None]
) -> list[tuple[str, int]]:
    """Units with their depth, each before those below it, sisters by code.

    `codes` names the units that are told of; one whose parent is not told of stands at the top.
    """
    below: dict[str | None, list[str]] = defaultdict(list)
    for unit in sorted(codes, key=lambda each: (codes[each], each)):
        above = parents.get(unit)
        below[above if above in codes else None].append(unit)
    ordered: list[tuple[str, int]] = []
    # A stack and not a recursion: a tree may be deeper than Python calls.
    waiting = [(unit, 0) for unit in reversed(below[None])]
    while waiting:
        unit, depth = waiting.pop()
        ordered.append((unit, depth))
        waiting.extend((child, depth + 1) for child in reversed(below[unit]))
    return ordered


def step_days(span: timedelta) -> int:
    """How many whole days one step of a series spans, so that it has at most `MOST_POINTS`."""
    # A span that is no whole number of days touches up to two days more.
    return max(1, -(-(span.days + 2) // MOST_POINTS))
