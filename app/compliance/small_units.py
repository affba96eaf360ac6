"""Which numbers of a recap are left out, so that nobody reads off it what few people did; pure.

A unit's number includes those of the units below it, so a hidden one could be computed from its
parent and its sisters. Of the numbers shown, each is the sum of disjoint rests: what remains of a
unit when the nearest shown units below it are taken away. Whatever can be computed from them is a
sum of rests again. So nothing about fewer than five people can be computed, if no rest is that of
one to four people.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping
from typing import TypeVar
from uuid import UUID

from app.campaigns.rules import FEWEST, too_few

# The whole government, which stands above every unit without a parent.
WHOLE = None
Cell = TypeVar("Cell", bound=Hashable)


def hidden_units(
    parents: Mapping[UUID, UUID | None], people: Mapping[UUID, int]
) -> frozenset[UUID | None]:
    """The units whose numbers are left out; `WHOLE` among them where all together are too few.

    `parents` names every unit; `people` are those of a unit itself, without the units below it.
    """
    children: dict[UUID | None, list[UUID]] = defaultdict(list)
    for child, above in parents.items():
        # A parent that is not among the units stands outside of what is told.
        children[above if above in parents else WHOLE].append(child)
    total: dict[UUID | None, int] = {}
    rest: dict[UUID | None, int] = {}
    shown_below: dict[UUID | None, set[UUID]] = {}
    hidden: set[UUID | None] = set()
    for unit in _leaves_first(children):
        own = 0 if unit is WHOLE else people.get(unit, 0)
        total[unit] = own + sum(total[child] for child in children[unit])
        below: set[UUID] = set()
        for child in children[unit]:
            below |= shown_below[child] if child in hidden else {child}
        shown_below[unit] = below
        if too_few(total[unit]):
            hidden.add(unit)
            continue
        rest[unit] = total[unit] - sum(total[each] for each in below)
        among = below
        while too_few(rest[unit]):
            # Hiding one adds its rest, and the smallest tells least.
            given_up = min(
                (each for each in among if total[each]),
                key=lambda each: (total[each], each.bytes),
            )
            hidden.add(given_up)
            below.remove(given_up)
            below |= shown_below[given_up]
            rest[unit] += rest[given_up]
            # One that holds nobody itself is read off those below it, so one of these goes too.
            among = below if rest[given_up] else shown_below[given_up]
    return frozenset(hidden)


def _leaves_first(children: Mapping[UUID | None, list[UUID]]) -> list[UUID | None]:
    order: list[UUID | None] = [WHOLE]
    for unit in order:
        order.extend(children.get(unit, ()))
    return order[::-1]


def hidden_cells(people: Mapping[Cell, int]) -> frozenset[Cell]:
    """The cells of one division that are left out, where the sum of all is told as well.

    Cells may share people, so at least one large cell hides together with the small ones.
    """
    small = {cell for cell, number in people.items() if too_few(number)}
    large = [cell for cell, number in people.items() if number >= FEWEST]
    if small and large:
        small.add(min(large, key=lambda cell: (people[cell], str(cell))))
    return frozenset(small)
