"""What a count and a follower list are worth."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.observations.rules import (
    Certificate,
    CertificateReason,
    CertificateVerdict,
    CountInterval,
    ImpossibleCount,
    ListFacts,
    UnreadableCount,
    certify,
    confirms_fall,
    exact,
    rounded,
    suspicious_fall,
    truncated,
)

COMPLETE, PARTIAL, VOID = CertificateVerdict
Why = CertificateReason
TAKEN = datetime(2026, 11, 23, 3, tzinfo=UTC)
SOUND = ListFacts(
    listed=8590,
    count_before=exact(8582),
    count_after=exact(8590),
    reached_end=True,
    oldest_entry=TAKEN - timedelta(days=2000),
    taken_at=TAKEN,
)
RECENT = TAKEN - timedelta(days=365)


def days(number: int) -> timedelta:
    return timedelta(days=number)


@pytest.mark.parametrize(
    ("changes", "verdict", "reasons"),
    [
        pytest.param({}, COMPLETE, [], id="sound"),
        pytest.param({"count_after": None}, COMPLETE, [], id="one-count-is-enough"),
        pytest.param({"count_before": None}, COMPLETE, [], id="one-after"),
        pytest.param({"count_after": None, "listed": 8582}, COMPLETE, [], id="one-before"),
        pytest.param({"listed": 8585}, PARTIAL, [Why.FEWER_THAN_COUNT], id="between-the-counts"),
        pytest.param({"listed": 8675}, COMPLETE, [], id="one-percent-more"),
        pytest.param({"listed": 8676}, PARTIAL, [Why.MORE_THAN_COUNT], id="more-than-one-percent"),
        pytest.param({"listed": 8589}, PARTIAL, [Why.FEWER_THAN_COUNT], id="a-single-one-fewer"),
        pytest.param(
            {"count_before": truncated(8580), "count_after": None, "listed": 8580},
            COMPLETE,
            [],
            id="truncated-count",
        ),
        pytest.param(
            {"count_before": exact(8700), "count_after": exact(8600), "listed": 8650},
            PARTIAL,
            [Why.FEWER_THAN_COUNT],
            id="falling-count",
        ),
        pytest.param({"reached_end": False}, PARTIAL, [Why.TRUNCATED], id="truncated"),
        pytest.param(
            {"reached_end": False, "listed": 100},
            PARTIAL,
            [Why.TRUNCATED, Why.FEWER_THAN_COUNT],
            id="truncated-early-is-short-by-itself",
        ),
        pytest.param(
            {"reached_end": False, "listed": 20_000},
            VOID,
            [Why.TRUNCATED, Why.MORE_THAN_COUNT, Why.COUNT_MISMATCH],
            id="truncated-yet-far-too-long",
        ),
        pytest.param(
            {"count_before": None, "count_after": None}, PARTIAL, [Why.NO_COUNT], id="no-count"
        ),
        pytest.param(
            {"count_before": None, "count_after": None, "listed": 0},
            PARTIAL,
            [Why.NO_COUNT],
            id="empty-without-a-count",
        ),
        pytest.param(
            {"count_before": None, "count_after": None, "reached_end": False},
            PARTIAL,
            [Why.TRUNCATED, Why.NO_COUNT],
            id="truncated-without-a-count",
        ),
        pytest.param(
            {"listed": 0},
            VOID,
            [Why.EMPTY_LIST, Why.FEWER_THAN_COUNT, Why.COUNT_MISMATCH],
            id="hidden-list",
        ),
        pytest.param(
            {"listed": 0, "count_before": exact(0), "count_after": exact(0)},
            COMPLETE,
            [],
            id="nobody-follows",
        ),
        pytest.param(
            {"listed": 0, "count_before": exact(0), "count_after": exact(3)},
            PARTIAL,
            [Why.FEWER_THAN_COUNT],
            id="first-followers-came-afterwards",
        ),
        pytest.param({"listed": 4291}, PARTIAL, [Why.FEWER_THAN_COUNT], id="exactly-half"),
        pytest.param(
            {"listed": 4290},
            VOID,
            [Why.FEWER_THAN_COUNT, Why.COUNT_MISMATCH],
            id="less-than-half",
        ),
        pytest.param({"listed": 17_180}, PARTIAL, [Why.MORE_THAN_COUNT], id="exactly-double"),
        pytest.param(
            {"listed": 17_181},
            VOID,
            [Why.MORE_THAN_COUNT, Why.COUNT_MISMATCH],
            id="more-than-double",
        ),
        pytest.param(
            {"controls_expected_present": 3, "controls_found_present": 3},
            COMPLETE,
            [],
            id="controls-present",
        ),
        pytest.param(
            {"controls_expected_present": 3, "controls_found_present": 2},
            VOID,
            [Why.CONTROL_FAILED],
            id="known-follower-absent",
        ),
        pytest.param(
            {"controls_expected_absent": 2, "controls_found_absent_violations": 1},
            VOID,
            [Why.CONTROL_FAILED],
            id="known-stranger-present",
        ),
        pytest.param(
            {"listed": 8000, "oldest_entry": RECENT, "account_opened_at": RECENT - days(61)},
            PARTIAL,
            [Why.FEWER_THAN_COUNT, Why.DATE_RANGE],
            id="export-of-the-last-year",
        ),
        pytest.param(
            {"listed": 1400, "oldest_entry": RECENT, "account_opened_at": RECENT - days(900)},
            PARTIAL,
            [Why.FEWER_THAN_COUNT, Why.DATE_RANGE],
            id="a-date-range-explains-a-short-list",
        ),
        pytest.param(
            {"listed": 8000, "oldest_entry": RECENT},
            PARTIAL,
            [Why.FEWER_THAN_COUNT, Why.DATE_RANGE],
            id="account-age-not-known",
        ),
        pytest.param(
            {"listed": 8000, "oldest_entry": RECENT, "account_opened_at": RECENT - days(60)},
            PARTIAL,
            [Why.FEWER_THAN_COUNT],
            id="the-account-is-as-young-as-its-list",
        ),
        pytest.param(
            {"listed": 1400, "oldest_entry": RECENT, "account_opened_at": RECENT},
            VOID,
            [Why.FEWER_THAN_COUNT, Why.COUNT_MISMATCH],
            id="youth-does-not-explain-a-short-list",
        ),
        pytest.param(
            {"listed": 8000, "oldest_entry": TAKEN - days(400)},
            PARTIAL,
            [Why.FEWER_THAN_COUNT],
            id="400-days-are-no-date-range",
        ),
        pytest.param(
            {"listed": 8000, "oldest_entry": None},
            PARTIAL,
            [Why.FEWER_THAN_COUNT],
            id="undated-list",
        ),
        pytest.param({"oldest_entry": RECENT}, COMPLETE, [], id="recent-but-nobody-lacks"),
    ],
)
def test_certify(changes, verdict, reasons):
    assert certify(replace(SOUND, **changes)) == Certificate(verdict, tuple(reasons))


COUNTS = st.none() | st.tuples(st.integers(0, 500), st.integers(0, 50)).map(
    lambda it: CountInterval(it[0], it[0] + it[1])
)
FACTS = st.builds(
    ListFacts,
    listed=st.integers(0, 1200),
    count_before=COUNTS,
    count_after=COUNTS,
    reached_end=st.booleans(),
    oldest_entry=st.none() | st.integers(0, 900).map(lambda age: TAKEN - days(age)),
    taken_at=st.just(TAKEN),
    account_opened_at=st.none() | st.integers(0, 3000).map(lambda age: TAKEN - days(age)),
    controls_expected_present=st.integers(0, 2),
    controls_found_present=st.integers(0, 2),
    controls_found_absent_violations=st.integers(0, 1),
)


@given(FACTS)
def test_complete_means_that_nothing_speaks_against_it(facts):
    certificate = certify(facts)
    assert (certificate.verdict is COMPLETE) is (certificate.reasons == ())
    if certificate.verdict is COMPLETE:
        assert facts.reached_end
        assert facts.count is not None
        assert facts.count.min <= facts.listed


@given(FACTS)
def test_reasons_come_once_and_in_one_order(facts):
    reasons = certify(facts).reasons
    assert list(reasons) == [each for each in Why if each in reasons]


@given(FACTS)
def test_breaking_off_never_makes_a_list_complete(facts):
    assert certify(replace(facts, reached_end=False)).verdict is not COMPLETE


@pytest.mark.parametrize(
    ("previous", "new", "suspicious"),
    [
        pytest.param(8582, 0, True, id="to-zero"),
        pytest.param(8582, 858, True, id="by-a-little-more-than-90-percent"),
        pytest.param(8582, 859, False, id="by-a-little-less"),
        pytest.param(1000, 100, True, id="by-exactly-90-percent"),
        pytest.param(8582, 8582, False, id="no-fall"),
        pytest.param(8582, 90_000, False, id="a-rise"),
        pytest.param(0, 0, False, id="nothing-to-fall-from"),
        pytest.param(1, 0, True, id="the-only-follower"),
    ],
)
def test_suspicious_fall(previous, new, suspicious):
    assert suspicious_fall(previous, new) is suspicious


@pytest.mark.parametrize(
    ("first", "second", "confirmed"),
    [
        pytest.param(0, 0, True, id="zero-twice"),
        pytest.param(500, 480, True, id="about-the-same"),
        pytest.param(0, 500, False, id="zero-was-a-fault"),
        pytest.param(500, 0, False, id="still-falling"),
    ],
)
def test_confirms_fall(first, second, confirmed):
    assert confirms_fall(first, second) is confirmed


@pytest.mark.parametrize(
    ("count", "least", "most"),
    [
        pytest.param(exact(8582), 8582, 8582, id="exact"),
        pytest.param(truncated(8580), 8580, 8589, id="youtube-3-figures"),
        pytest.param(truncated(7200, figures=2), 7200, 7299, id="2-figures"),
        pytest.param(truncated(950), 950, 950, id="3-figures-hide-nothing"),
        pytest.param(truncated(0), 0, 0, id="zero"),
        pytest.param(truncated(1_230_000), 1_230_000, 1_239_999, id="a-million"),
        pytest.param(rounded("7,2 rb"), 7150, 7249, id="golden"),
        pytest.param(rounded("7,2\u00a0rb"), 7150, 7249, id="no-break-space"),
        pytest.param(rounded("8,58 RB"), 8575, 8584, id="2-decimals"),
        pytest.param(rounded("8,582 ribu"), 8582, 8582, id="3-decimals-hide-nothing"),
        pytest.param(rounded("1,5 jt"), 1_450_000, 1_549_999, id="juta"),
        pytest.param(rounded("12 rb"), 11_500, 12_499, id="no-decimals"),
        pytest.param(rounded("0 rb"), 0, 499, id="never-below-zero"),
    ],
)
def test_intervals(count, least, most):
    assert (count.min, count.max) == (least, most)


@pytest.mark.parametrize(
    "text",
    ["", "8.582", "7.2 rb", "7,2K", "2,5 M", "7,2", "rb", "-7,2 rb", "\u0667,\u0662 rb", "7200 rb"],
)
def test_other_texts_are_not_guessed_at(text):
    with pytest.raises(UnreadableCount):
        rounded(text)


@pytest.mark.parametrize(("least", "most"), [(5, 4), (-1, 4)])
def test_impossible_counts(least, most):
    with pytest.raises(ImpossibleCount):
        CountInterval(least, most)


@pytest.mark.parametrize("count", [8582, -10])
def test_what_was_not_cut_down(count):
    with pytest.raises(ImpossibleCount):
        truncated(count)


@given(st.integers(0, 10**12), st.integers(1, 6))
def test_a_truncated_count_holds_the_true_one(true, figures):
    step = 10 ** max(0, len(str(true)) - figures)
    count = truncated(true // step * step, figures)
    assert count.min <= true <= count.max


@given(st.integers(0, 999_949))
def test_a_rounded_count_holds_the_true_one(true):
    tenths = (true + 50) // 100
    count = rounded(f"{tenths // 10},{tenths % 10} rb")
    assert count.min <= true <= count.max


@given(st.text() | st.text("0123456789,. rbjt\u00a0"))
def test_hostile_texts_are_refused_or_counts(text):
    try:
        count = rounded(text)
    except UnreadableCount:
        return
    assert 0 <= count.min <= count.max
