"""Hiding what few people did: nothing about fewer than five can be computed from what is shown."""

from fractions import Fraction
from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.campaigns.rules import FEWEST
from app.compliance.small_units import hidden_cells, hidden_units


def ident(number: int) -> UUID:
    return UUID(int=number)


WHOLE, TOP, LEFT, RIGHT, LOW, LOWER = None, *(ident(each) for each in range(1, 6))
# TOP over LEFT and RIGHT; LOW below LEFT and LOWER below LOW.
PARENTS = {TOP: None, LEFT: TOP, RIGHT: TOP, LOW: LEFT, LOWER: LOW}


@pytest.mark.parametrize(
    ("people", "hidden"),
    [
        pytest.param({}, set(), id="nobody"),
        pytest.param({TOP: 5, LEFT: 5, RIGHT: 5, LOW: 5, LOWER: 5}, set(), id="five-everywhere"),
        pytest.param({TOP: 4}, {WHOLE, TOP}, id="four-in-all"),
        pytest.param({TOP: 5, RIGHT: 4}, {RIGHT}, id="the-tops-own-five-hide-four"),
        pytest.param({LEFT: 20, RIGHT: 4}, {RIGHT, LEFT}, id="the-only-sister-hides-with-it"),
        pytest.param({LEFT: 3, RIGHT: 3}, {LEFT, RIGHT}, id="two-small-ones-cover-one-another"),
        pytest.param(
            {RIGHT: 20, LEFT: 20, LOWER: 1}, {LOW, LOWER}, id="few-below-many-of-their-own"
        ),
        pytest.param(
            {RIGHT: 20, LEFT: 2, LOWER: 9}, {LOW, LOWER}, id="few-above-are-a-difference-too"
        ),
    ],
)
def test_hidden_units(people, hidden):
    found = hidden_units(PARENTS, people)
    assert found == hidden


@st.composite
def trees(draw) -> tuple[dict[UUID, UUID | None], dict[UUID, int]]:
    """A random small tree, and how many people each unit has of its own."""
    size = draw(st.integers(1, 8))
    parents: dict[UUID, UUID | None] = {ident(1): None}
    for number in range(2, size + 1):
        above = draw(st.integers(0, number - 1))
        parents[ident(number)] = ident(above) if above else None
    people = {unit: draw(st.integers(0, 9)) for unit in parents}
    return parents, people


def lineage(parents: dict[UUID, UUID | None], unit: UUID) -> set[UUID | None]:
    above: set[UUID | None] = {None}
    step: UUID | None = unit
    while step is not None:
        above.add(step)
        step = parents[step]
    return above


def reduced(rows: list[list[Fraction]]) -> list[list[Fraction]]:
    """The rows in echelon form."""
    echelon: list[list[Fraction]] = []
    for row in rows:
        remainder = remain(echelon, row)
        if any(remainder):
            echelon.append(remainder)
    return echelon


def remain(echelon: list[list[Fraction]], row: list[Fraction]) -> list[Fraction]:
    """What is left of a row when everything that the echelon tells is taken away."""
    left = list(row)
    for each in echelon:
        pivot = next(place for place, value in enumerate(each) if value)
        if left[pivot]:
            share = left[pivot] / each[pivot]
            left = [value - share * known for value, known in zip(left, each, strict=True)]
    return left


@settings(max_examples=400)
@given(trees())
def test_no_linear_combination_reveals_a_hidden_unit_or_a_small_group(tree):
    parents, people = tree
    hidden = hidden_units(parents, people)
    # The people of one unit itself are what nothing can tell apart; empty ones tell nothing.
    groups = [unit for unit in parents if people[unit]]

    def sum_of(unit: UUID | None) -> list[Fraction]:
        return [Fraction(unit in lineage(parents, group)) for group in groups]

    everything: list[UUID | None] = [None, *parents]
    told = reduced([sum_of(unit) for unit in everything if unit not in hidden])
    for unit in hidden:
        assert any(remain(told, sum_of(unit))), unit
    for size in range(1, len(groups) + 1):
        for few in combinations(groups, size):
            if sum(people[each] for each in few) < FEWEST:
                wanted = [Fraction(group in few) for group in groups]
                assert any(remain(told, wanted)), few


@given(trees())
def test_what_is_hidden_is_small_or_hides_a_small_one(tree):
    parents, people = tree
    hidden = hidden_units(parents, people)
    total = {
        unit: sum(people[each] for each in parents if unit in lineage(parents, each))
        for unit in [None, *parents]
    }
    assert all(total[unit] for unit in hidden)
    if all(not number or number >= FEWEST for number in people.values()):
        assert hidden == set()


@given(trees())
def test_the_order_of_units_does_not_matter(tree):
    parents, people = tree
    turned = dict(reversed(parents.items()))
    assert hidden_units(turned, people) == hidden_units(parents, people)


@pytest.mark.parametrize(
    ("people", "hidden"),
    [
        pytest.param({}, set(), id="none"),
        pytest.param({"a": 5, "b": 6, "c": 0}, set(), id="all-large"),
        pytest.param({"a": 4, "b": 9, "c": 7}, {"a", "c"}, id="the-smallest-large-one-hides-too"),
        pytest.param({"a": 4, "b": 7, "c": 7}, {"a", "b"}, id="of-two-equal-ones-the-first"),
        pytest.param({"a": 4, "b": 1}, {"a", "b"}, id="only-small-ones"),
        pytest.param({"a": 4, "b": 0, "c": 8}, {"a", "c"}, id="an-empty-one-hides-nothing"),
    ],
)
def test_hidden_cells(people, hidden):
    assert hidden_cells(people) == hidden
