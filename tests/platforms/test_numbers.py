"""Counts as pages write them, in the language of the page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms.base import ParseFailed, Precision
from app.platforms.numbers import read_count, read_rounded

EXACT, ABBREVIATED = Precision.EXACT, Precision.ABBREVIATED


@pytest.mark.parametrize(
    ("text", "language", "least", "most", "precision"),
    [
        ("8582", "id", 8582, 8582, EXACT),
        ("8.582", "id", 8582, 8582, EXACT),
        ("8,582", "en", 8582, 8582, EXACT),
        ("61,828,042 followers", "en-US", 61_828_042, 61_828_042, EXACT),
        ("84", "en", 84, 84, EXACT),
        ("8,58 rb", "id", 8575, 8589, ABBREVIATED),
        ("8,58\u00a0rb", "id_ID", 8575, 8589, ABBREVIATED),
        ("12,3 rb pengikut", "id", 12_250, 12_399, ABBREVIATED),
        ("1,5 jt", "id", 1_450_000, 1_599_999, ABBREVIATED),
        ("2,5 M", "id", 2_450_000_000, 2_599_999_999, ABBREVIATED),
        ("2.5M", "en", 2_450_000, 2_599_999, ABBREVIATED),
        ("25m subscribers", "en-GB", 24_500_000, 25_999_999, ABBREVIATED),
        ("25 million subscribers", "en", 24_500_000, 25_999_999, ABBREVIATED),
        ("2.79k", "en", 2785, 2799, ABBREVIATED),
        ("8,582 ribu", "id", 8582, 8582, EXACT),
        ("0 rb", "id", 0, 999, ABBREVIATED),
    ],
)
def test_counts_of_both_languages(text, language, least, most, precision):
    read = read_count(text, language)
    assert (read.least, read.most, read.precision) == (least, most, precision)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("8.582", "en"),
        ("8,582", "id"),
        ("7,2 rb", "en"),
        ("7.2K", "id"),
        ("8,58 rb", "de"),
        ("8582", ""),
        ("28M likes", "en"),
        ("12 mil seguidores", "en"),
        ("", "id"),
        ("rb", "id"),
        ("-7,2 rb", "id"),
        ("\u0667,\u0662 rb", "id"),
        ("1.23.4", "id"),
        ("3 T", "id"),
        ("99999999999", "en"),
        ("9" * 5000, "en"),
    ],
)
def test_what_is_no_count_in_its_language_is_refused(text, language):
    with pytest.raises(ParseFailed):
        read_count(text, language)


@given(st.integers(0, 999_949))
def test_both_rounding_and_cutting_are_covered(true):
    for tenths in ((true + 50) // 100, true // 100):
        read = read_count(f"{tenths // 10},{tenths % 10} rb", "id")
        assert read.least <= true <= read.most


@given(st.text() | st.text("0123456789,. rbjtkmM\u00a0"), st.sampled_from(["id", "en", "fr"]))
def test_hostile_texts_are_refused_or_intervals(text, language):
    try:
        read = read_count(text, language)
    except ParseFailed:
        return
    assert 0 <= read.least <= read.most


@given(st.integers(0, 10**10), st.sampled_from([2, 3]))
def test_a_count_shortened_unsaid_stays_within_its_interval(true, figures):
    digits = len(str(true))
    tenth = 10 ** max(0, (digits - 1) // 3 * 3 - 1)
    step = tenth if figures == 2 else 10 ** max(0, digits - 3)
    for shown in (true // step * step, (true + step // 2) // step * step):
        read = read_rounded(shown)
        assert read.least <= true <= read.most


@pytest.mark.parametrize("count", [0, 7, 100, 8582, 97_944, 4_001_943])
def test_a_count_whose_figures_are_all_there_stands_for_itself(count):
    read = read_rounded(count)
    assert (read.least, read.most, read.precision) == (count, count, Precision.ROUNDED)
