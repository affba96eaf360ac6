"""How growth is counted: the golden table, and that true values never leave their intervals."""

import ast
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.campaigns.rules import (
    CohortFollows,
    ImpossibleInterval,
    Interval,
    Proof,
    ShareInterval,
    attribution,
    below,
    gain_between,
    growth,
    percent,
    reachable_gain,
)
from app.observations.rules import CountInterval, exact, rounded, truncated

EXPECTED = 6750
TWENTY_PERCENT = Fraction(20, 100)


def percents(shares: ShareInterval | None) -> list[str]:
    assert shares is not None
    return [str(percent(shares.min)), str(percent(shares.max))]


@pytest.mark.parametrize(
    ("baseline", "gain", "growth_percent", "attainment", "shortfall", "proof"),
    [
        pytest.param(
            exact(7200),
            (1382, 1382),
            ["19.19", "19.19"],
            ["20.47", "20.47"],
            (5368, 5368),
            Proof.PROVEN,
            id="7200-exact",
        ),
        pytest.param(
            truncated(7200, figures=2),
            (1283, 1382),
            ["17.58", "19.19"],
            ["19.01", "20.47"],
            (5368, 5467),
            Proof.PROVEN,
            id="7200-truncated",
        ),
        pytest.param(
            rounded("7,2 rb"),
            (1333, 1432),
            ["18.39", "20.03"],
            ["19.75", "21.21"],
            (5318, 5417),
            Proof.UNDECIDABLE,
            id="7200-rounded",
        ),
    ],
)
def test_golden_table(baseline, gain, growth_percent, attainment, shortfall, proof):
    found = growth(baseline, exact(8582), EXPECTED)
    assert found.gain == Interval(*gain)
    assert percents(found.share) == growth_percent
    assert percents(found.attainment) == attainment
    assert found.shortfall == CountInterval(*shortfall)
    assert found.share is not None
    assert below(found.share, TWENTY_PERCENT) is proof


@pytest.mark.parametrize("expected", [None, 0])
def test_where_nothing_was_expected_nothing_is_attained_or_short(expected):
    found = growth(exact(7200), exact(8582), expected)
    assert (found.gain, found.attainment, found.shortfall) == (Interval(1382, 1382), None, None)


@pytest.mark.parametrize(
    "baseline", [pytest.param(exact(0), id="zero"), pytest.param(CountInterval(0, 499), id="0-499")]
)
def test_growth_from_nothing_has_no_share(baseline):
    found = growth(baseline, exact(500), 100)
    assert found.share is None
    assert found.gain.max == 500


def test_a_shortfall_ends_at_zero_and_a_loss_adds_to_it():
    assert growth(exact(100), exact(150), 40).shortfall == exact(0)
    assert growth(exact(100), exact(90), 40).shortfall == exact(50)


@pytest.mark.parametrize(
    ("least", "most", "proof"),
    [
        pytest.param("0.1", "0.1999", Proof.PROVEN, id="below"),
        pytest.param("0.1", "0.2", Proof.UNDECIDABLE, id="touches"),
        pytest.param("0.2", "0.2", Proof.REFUTED, id="exactly-at-it"),
        pytest.param("0.3", "0.4", Proof.REFUTED, id="above"),
    ],
)
def test_below(least, most, proof):
    assert below(ShareInterval(Fraction(least), Fraction(most)), TWENTY_PERCENT) is proof


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        pytest.param(Fraction(1382, 7200), "19.19", id="down"),
        pytest.param(Fraction(125, 1_000_000), "0.01", id="up"),
        pytest.param(Fraction(5, 100_000), "0.00", id="half-to-even-down"),
        pytest.param(Fraction(15, 100_000), "0.02", id="half-to-even-up"),
        pytest.param(Fraction(-1, 3), "-33.33", id="negative"),
        pytest.param(Fraction(1), "100.00", id="whole"),
        pytest.param(Fraction(10**40), "1" + "0" * 42 + ".00", id="larger-than-any-context"),
    ],
)
def test_percent(share, shown):
    assert f"{percent(share):f}" == shown


@given(st.fractions())
def test_percent_is_the_nearest_hundredth(share):
    shown = percent(share)
    assert isinstance(shown, Decimal)
    assert shown.as_tuple().exponent == -2
    assert abs(Fraction(shown) - share * 100) <= Fraction(1, 200)


@pytest.mark.parametrize("kind", [Interval, ShareInterval])
def test_intervals_do_not_run_backwards(kind):
    with pytest.raises(ImpossibleInterval):
        kind(Fraction(2), Fraction(1))


def interval_and_member(smallest: int = 0) -> st.SearchStrategy[tuple[CountInterval, int]]:
    """A count interval with a true count inside it."""
    return st.tuples(st.integers(smallest, 10**6), st.integers(0, 500), st.integers(0, 500)).map(
        lambda it: (CountInterval(it[0], it[0] + it[1] + it[2]), it[0] + it[1])
    )


@given(interval_and_member(1), interval_and_member(), st.integers(1, 10**6))
def test_growth_contains_the_truth(baseline, current, expected):
    (before, true_before), (after, true_after) = baseline, current
    found = growth(before, after, expected)
    gain = true_after - true_before
    assert found.gain.min <= gain <= found.gain.max
    assert found.share is not None
    assert found.share.min <= Fraction(gain, true_before) <= found.share.max
    assert found.attainment is not None
    assert found.attainment.min <= Fraction(gain, expected) <= found.attainment.max
    assert found.shortfall is not None
    assert found.shortfall.min <= max(0, expected - gain) <= found.shortfall.max


@given(interval_and_member(1), interval_and_member())
def test_growth_is_tight(baseline, current):
    (before, _), (after, _) = baseline, current
    share = growth(before, after, None).share
    assert share is not None
    worst = growth(exact(before.max), exact(after.min), None).share
    best = growth(exact(before.min), exact(after.max), None).share
    assert worst == ShareInterval(share.min, share.min)
    assert best == ShareInterval(share.max, share.max)


@given(interval_and_member(1), interval_and_member(), st.fractions(-1, 2))
def test_a_proof_holds_for_the_truth(baseline, current, threshold):
    (before, true_before), (after, true_after) = baseline, current
    share = growth(before, after, None).share
    assert share is not None
    truth = Fraction(true_after - true_before, true_before) < threshold
    assert below(share, threshold) in {
        Proof.UNDECIDABLE,
        Proof.PROVEN if truth else Proof.REFUTED,
    }


@given(st.lists(st.integers(0, 10**9), min_size=2))
def test_the_gains_of_the_steps_add_up(counts):
    steps = [gain_between(exact(one), exact(two)) for one, two in pairwise(counts)]
    total = gain_between(exact(counts[0]), exact(counts[-1]))
    assert sum(step.min for step in steps) == total.min
    assert sum(step.max for step in steps) == total.max


def test_attribution_of_the_demo():
    found = attribution(Interval(1382, 1382), CohortFollows(1240, 1150, 0, 0))
    assert (found.cohort_new, found.cohort_before) == (exact(1240), exact(1150))
    assert found.other == Interval(142, 142)


def test_attribution_gives_bounds_where_membership_is_unknown():
    found = attribution(Interval(1283, 1382), CohortFollows(1000, 500, 30, 70))
    assert found.cohort_new == CountInterval(1000, 1100)
    assert found.cohort_before == CountInterval(500, 600)
    assert found.other == Interval(183, 382)


def test_other_is_negative_where_more_left_than_came():
    assert attribution(Interval(10, 10), CohortFollows(50, 0, 0, 0)).other == Interval(-40, -40)


@given(
    interval_and_member(),
    st.integers(0, 99),
    st.integers(0, 99),
    st.lists(st.sampled_from(["new", "before", "not_following"]), max_size=40),
    st.integers(0, 40),
)
def test_attribution_contains_the_truth(gained, new, before, truths, dated):
    gain, true_gain = gained
    # Those of unknown beginning do follow; of the others nothing is known.
    following = [truth for truth in truths if truth != "not_following"][:dated]
    found = attribution(
        Interval(gain.min, gain.max),
        CohortFollows(new, before, len(following), len(truths) - len(following)),
    )
    true_new = new + truths.count("new")
    assert found.cohort_new.min <= true_new <= found.cohort_new.max
    assert found.cohort_before.min <= before + truths.count("before") <= found.cohort_before.max
    assert found.other.min <= true_gain - true_new <= found.other.max


@pytest.mark.parametrize(
    ("already", "reachable"),
    [
        pytest.param(exact(1150), exact(4300), id="exact"),
        pytest.param(CountInterval(1150, 1250), CountInterval(4200, 4300), id="interval"),
        pytest.param(exact(9000), exact(0), id="never-negative"),
    ],
)
def test_reachable_gain(already, reachable):
    assert reachable_gain(6750, already, excused=300, no_account=1000) == reachable


@pytest.mark.parametrize(
    "room", ["accounts", "campaigns", "compliance", "employees", "observations"]
)
def test_no_floats_anywhere(room):
    source = (Path(__file__).parents[2] / "app" / room / "rules.py").read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        assert not (isinstance(node, ast.Name) and node.id == "float")
        assert not isinstance(node, ast.Div)
