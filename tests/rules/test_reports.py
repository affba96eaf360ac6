"""Numbers, trees, scales and words of reports."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.campaigns.models import DutyKind, DutyMode
from app.campaigns.rules import Proof
from app.compliance.rules import Reason
from app.employees.rules import Category
from app.neutrality.rules import PauseReason
from app.observations.rules import CertificateVerdict, CountInterval
from app.platforms.base import Platform, Precision
from app.reports import wording
from app.reports.charts import LABELS, axis, labelled, runs
from app.reports.rules import MOST_POINTS, in_tree_order, number_of, share_in_percent, step_days


@pytest.mark.parametrize(
    ("serial", "year", "expected"),
    [
        pytest.param(1, 2026, "001/SIMEDSOS/2026", id="first"),
        pytest.param(7, 2026, "007/SIMEDSOS/2026", id="three-digits"),
        pytest.param(1234, 2027, "1234/SIMEDSOS/2027", id="beyond-them"),
    ],
)
def test_numbers(serial, year, expected):
    assert number_of(serial, year) == expected


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        pytest.param(0, 0, None, id="of-nobody"),
        pytest.param(1, 3, 33.33, id="rounded"),
        pytest.param(1, 8, 12.5, id="exact"),
        # 12.345 % lies between two, and goes to the even one.
        pytest.param(2469, 20_000, 12.34, id="half-to-even"),
        pytest.param(5, 5, 100.0, id="everyone"),
    ],
)
def test_shares_are_counted_from_sums(part, whole, expected):
    assert share_in_percent(part, whole) == expected


def test_units_stand_below_their_parents_by_code():
    codes = {"a": "16", "b": "16.02", "c": "16.01", "d": "16.01.1", "e": "99"}
    parents = {"a": None, "b": "a", "c": "a", "d": "c", "e": "gone"}
    assert in_tree_order(codes, parents) == [("a", 0), ("c", 1), ("d", 2), ("b", 1), ("e", 0)]


def test_a_tree_deeper_than_python_calls_is_ordered():
    depth = 5000
    codes = {str(n): f"{n:05d}" for n in range(depth)}
    parents = {str(n): str(n - 1) if n else None for n in range(depth)}
    assert in_tree_order(codes, parents) == [(str(n), n) for n in range(depth)]


@given(st.integers(0, 100_000))
def test_a_series_has_few_enough_points(days):
    span = timedelta(days=days, seconds=1)
    step = step_days(span)
    # It may begin and end within a day.
    assert (days + 2) / step <= MOST_POINTS
    assert step == 1 or (days + 2) / (step - 1) > MOST_POINTS


COUNTS = st.tuples(st.integers(0, 10**11), st.integers(0, 10**6)).map(
    lambda ends: CountInterval(ends[0], ends[0] + ends[1])
)


@given(st.lists(st.integers(0, 10**11), min_size=1, max_size=50))
def test_a_scale_holds_every_value_in_a_few_round_steps(values):
    scale = axis(values)
    assert all(0 <= scale.at(each) <= 1 for each in values)
    steps = {after - before for before, after in pairwise(scale.ticks)}
    assert len(steps) == 1
    assert str(steps.pop()).rstrip("0") in {"1", "2", "5"}
    assert 2 <= len(scale.ticks) <= 7
    assert (scale.ticks[0], scale.ticks[-1]) == (scale.low, scale.high)


@given(st.lists(st.none() | COUNTS, min_size=1, max_size=60).filter(any))
def test_lines_are_drawn_where_something_was_read_and_nowhere_else(readings):
    known = [each for each in readings if each is not None]
    scale = axis([end for each in known for end in (each.min, each.max)])
    drawn = runs(readings, scale)
    last = max(1, len(readings) - 1)
    places = {round(n / last, 5) for n, each in enumerate(readings) if each is not None}
    assert [at for run in drawn for at in run.across] == sorted(places)
    assert [low for run in drawn for low in run.low] == [scale.at(each.min) for each in known]
    assert [high for run in drawn for high in run.high] == [scale.at(each.max) for each in known]
    # Between two runs lies at least one step without a reading.
    gaps = [after.across[0] - before.across[-1] for before, after in pairwise(drawn)]
    assert all(gap > 1.5 / last for gap in gaps)


@given(st.integers(0, 2000))
def test_labels_stand_at_both_ends_and_are_few(count):
    labels = labelled(count)
    assert len(labels) == min(count, LABELS)
    assert not count or (labels[0], labels[-1]) == (0, count - 1)


@pytest.mark.parametrize(
    ("words", "values"),
    [
        pytest.param(wording.DUTIES, DutyKind, id="duties"),
        pytest.param(wording.MODES, DutyMode, id="modes"),
        pytest.param(wording.CATEGORIES, Category, id="categories"),
        pytest.param(wording.PLATFORMS, Platform, id="platforms"),
        pytest.param(wording.PRECISIONS, Precision, id="precisions"),
        pytest.param(wording.CERTIFICATES, CertificateVerdict, id="certificates"),
        pytest.param(wording.PROOFS, Proof, id="proofs"),
        pytest.param(wording.PAUSES, PauseReason, id="pauses"),
        pytest.param(wording.REASONS, Reason, id="reasons"),
    ],
)
def test_every_state_has_words(words, values):
    assert set(words) == {each.value for each in values}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param(wording.number(8582), "8.582", id="thousands"),
        pytest.param(wording.number(-1234567), "−1.234.567", id="negative"),  # noqa: RUF001
        pytest.param(wording.percent_text(19.19), "19,19 %", id="percent"),
        pytest.param(wording.percent_text(-0.5), "−0,50 %", id="small-loss"),  # noqa: RUF001
        pytest.param(wording.percent_text(1234.5), "1.234,50 %", id="more-than-whole"),
        pytest.param(wording.interval({"min": 1333, "max": 1432}), "1.333 s.d. 1.432", id="range"),
        pytest.param(wording.interval(None), "belum diketahui", id="unknown-is-no-zero"),
        pytest.param(wording.age(59), "kurang dari 1 menit", id="moments"),
        pytest.param(wording.age(7_260), "2 jam", id="hours"),
        pytest.param(wording.age(86_400 * 1200), "1.200 hari", id="days"),
        pytest.param(
            wording.forecast({"reached_from": "2027-01-10", "reached_until": None}),
            "paling cepat 10 Januari 2027; batas akhirnya belum diketahui",
            id="open-end",
        ),
        pytest.param(
            wording.forecast({"reached_from": None, "reached_until": None}),
            "tidak tercapai dalam waktu yang dapat diperkirakan, atau belum diketahui",
            id="never-or-not-known",
        ),
        pytest.param(
            wording.pause({"reason": "office_term_ended", "until": None}),
            "masa jabatan telah berakhir",
            id="for-good",
        ),
    ],
)
def test_numbers_and_days_are_written_as_indonesians_do(written, expected):
    assert written == expected
