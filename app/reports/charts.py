"""Where the lines of a chart run, as shares of its width and height; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.observations.rules import CountInterval

TICKS = 5
LABELS = 5
# What is drawn needs a height even where every reading is the same.
LEAST_RANGE = 4


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale of whole numbers from `low` to `high`, with its ticks; both ends are ticks."""

    low: int
    high: int
    ticks: tuple[int, ...]

    def at(self, value: int) -> float:
        """How high a value stands: 0 at the bottom, 1 at the top."""
        return round((value - self.low) / (self.high - self.low), 5)


def axis(values: Iterable[int]) -> Axis:
    """A scale that holds every value, in steps of 1, 2 or 5 times a power of ten."""
    found = sorted(values)
    low, high = found[0], max(found[-1], found[0] + LEAST_RANGE)
    step = _step(-(-(high - low) // (TICKS - 1)))
    bottom = low // step * step
    ticks = [bottom]
    while ticks[-1] < high:
        ticks.append(ticks[-1] + step)
    return Axis(bottom, ticks[-1], tuple(ticks))


def _step(least: int) -> int:
    """The smallest round number that is not less than this one."""
    power = 1
    while power * 10 <= least:
        power *= 10
    return next(power * times for times in (1, 2, 5, 10) if power * times >= least)


@dataclass(frozen=True, slots=True)
class Run:
    """Readings without a gap between them: where each stands, and between which heights."""

    across: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


def runs(readings: Sequence[CountInterval | None], scale: Axis) -> list[Run]:
    """The unbroken parts of a series; nothing is drawn where nothing was read."""
    found: list[Run] = []
    current: list[tuple[int, CountInterval]] = []
    last = max(1, len(readings) - 1)
    for number, reading in enumerate([*readings, None]):
        if reading is not None:
            current.append((number, reading))
            continue
        if current:
            found.append(
                Run(
                    tuple(round(at / last, 5) for at, _ in current),
                    tuple(scale.at(each.min) for _, each in current),
                    tuple(scale.at(each.max) for _, each in current),
                )
            )
        current = []
    return found


def labelled(count: int) -> list[int]:
    """Which of so many steps bear a label: the first, the last, and a few between them."""
    if count <= LABELS:
        return list(range(count))
    return sorted({round(part * (count - 1) / (LABELS - 1)) for part in range(LABELS)})
