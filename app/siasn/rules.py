"""Where the registry and SIASN differ; pure.

A field is compared only where both sides say something that is understood. What is not compared
is counted, so that agreement is never claimed of what nobody has looked at.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from app.employees.rules import Category, Standing
from app.siasn.reading import Appointment, Servant, Unor


class Field(StrEnum):
    """What is compared of an employee."""

    NAME = "name"
    UNIT = "unit"
    POSITION = "position"
    STANDING = "standing"
    STATUS = "status"


class Answer(StrEnum):
    """What became of one field."""

    SAME = "same"
    DIFFERS = "differs"
    NOT_COMPARED = "not_compared"


@dataclass(frozen=True, slots=True, repr=False)
class Registered:
    """An employee as the registry has them; `unor_id` is the BKN id of their work unit."""

    id: UUID
    nip: str
    name: str
    category: Category
    standing: Standing
    unor_id: str | None
    position: str | None


# Names of the legal standing as SIASN writes them. What is not here is not compared: a standing
# that is guessed could excuse a person, or take an excuse away.
STANDINGS: Final[Mapping[str, Standing]] = MappingProxyType({
    "aktif": Standing.ACTIVE,
    "pnsaktif": Standing.ACTIVE,
    "cpnsaktif": Standing.ACTIVE,
    "pppkaktif": Standing.ACTIVE,
    "cltn": Standing.ON_LEAVE,
    "perpanjangancltn": Standing.ON_LEAVE,
    "cutidiluartanggungannegara": Standing.ON_LEAVE,
    "tugasbelajar": Standing.STUDY,
    "pemberhentiansementara": Standing.SUSPENDED,
    "pensiun": Standing.RETIRED,
    "mencapaibup": Standing.RETIRED,
    "diberhentikan": Standing.DISMISSED,
})  # fmt: skip
# SIASN may write PPPK of those who work part of the time, too.
CATEGORIES: Final[Mapping[str, frozenset[Category]]] = MappingProxyType({
    "pns": frozenset({Category.PNS}),
    "cpns": frozenset({Category.PNS}),
    "pppk": frozenset({Category.PPPK, Category.PPPK_PARUH_WAKTU}),
    "pppkparuhwaktu": frozenset({Category.PPPK_PARUH_WAKTU}),
})  # fmt: skip


def letters(text: str) -> str:
    """A text by which writings are compared: letters and digits alone, without case."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(each for each in plain if each.isalnum())


def compared(ours: Registered, theirs: Servant) -> dict[Field, Answer]:
    """What became of each field."""
    return {
        Field.NAME: _is(letters(ours.name) in _names(theirs)),
        Field.UNIT: _unit(ours.unor_id, theirs.unor_id),
        Field.POSITION: _position(ours.position, theirs.position),
        Field.STANDING: _standing(ours.standing, theirs.standing),
        Field.STATUS: _status(ours.category, theirs.status),
    }


def _is(same: bool) -> Answer:  # noqa: FBT001 - It turns a comparison into its answer.
    return Answer.SAME if same else Answer.DIFFERS


def _names(theirs: Servant) -> set[str]:
    """The name with and without its titles, since registries write either."""
    before, after = theirs.title_before or "", theirs.title_after or ""
    return {
        letters(f"{first} {theirs.name} {last}") for first in ("", before) for last in ("", after)
    }


def _unit(ours: str | None, theirs: str | None) -> Answer:
    if not ours or not theirs:
        return Answer.NOT_COMPARED
    return _is(ours.casefold() == theirs.casefold())


def _position(ours: str | None, theirs: str | None) -> Answer:
    if not ours or not theirs:
        return Answer.NOT_COMPARED
    return _is(letters(ours) == letters(theirs))


def _standing(ours: Standing, theirs: str | None) -> Answer:
    known = STANDINGS.get(letters(theirs or ""))
    return Answer.NOT_COMPARED if known is None else _is(known is ours)


def _status(ours: Category, theirs: str | None) -> Answer:
    known = CATEGORIES.get(letters(theirs or ""))
    return Answer.NOT_COMPARED if known is None else _is(ours in known)


@dataclass(frozen=True, slots=True)
class UnitHere:
    """A work unit; `above` is the BKN id of the unit above it."""

    code: str
    name: str
    unor_id: str | None
    above: str | None


@dataclass(frozen=True, slots=True)
class UnitDrift:
    """Codes of work units, by how they compare; `only_there` are ids of SIASN's other units."""

    same: int
    other_name: Sequence[str]
    other_place: Sequence[str]
    unknown_there: Sequence[str]
    without_id: Sequence[str]
    shared_id: Sequence[str]
    only_there: Sequence[str]


def compared_units(ours: Sequence[UnitHere], theirs: Iterable[Unor]) -> UnitDrift:
    """How the work units compare with SIASN's by BKN's id of the unit.

    An id that several work units bear says nothing of any of them.
    """
    there = {unit.id.casefold(): unit for unit in theirs}
    borne = Counter(unit.unor_id.casefold() for unit in ours if unit.unor_id)
    found: dict[str, list[str]] = {
        name: []
        for name in ("other_name", "other_place", "unknown_there", "without_id", "shared_id")
    }
    same = 0
    for unit in ours:
        marks = _marks(unit, there, borne)
        same += not marks
        for mark in marks:
            found[mark].append(unit.code)
    only = [unit.id for key, unit in there.items() if key not in borne]
    return UnitDrift(same=same, only_there=only, **found)


def _marks(unit: UnitHere, there: Mapping[str, Unor], borne: Mapping[str, int]) -> list[str]:
    if not unit.unor_id:
        return ["without_id"]
    key = unit.unor_id.casefold()
    if borne[key] > 1:
        return ["shared_id"]
    if key not in there:
        return ["unknown_there"]
    marks = []
    if letters(unit.name) != letters(there[key].name):
        marks.append("other_name")
    above = there[key].above
    # A root here may hang below a unit there that is nobody's work unit, and says nothing.
    if unit.above and above and unit.above.casefold() != above.casefold():
        marks.append("other_place")
    return marks


@dataclass(frozen=True, slots=True)
class Appointed:
    """How a year's appointments compare: counts, and the NIPs that the registry lacks."""

    lines: int
    without_nip: int
    registered: int
    lacking: Sequence[str]


def compared_appointments(known: Iterable[str], lines: Sequence[Appointment]) -> Appointed:
    """Which of the appointed the registry has; each NIP counts once."""
    here = set(known)
    appointed = {line.nip for line in lines if line.nip is not None}
    return Appointed(
        lines=len(lines),
        without_nip=sum(line.nip is None for line in lines),
        registered=len(appointed & here),
        lacking=sorted(appointed - here),
    )
