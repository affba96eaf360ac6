"""Reading a NIP: what is accepted, every refusal by name, and that nothing leaks or is guessed."""

from datetime import date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.employees.rules import (
    Category,
    NipFault,
    NipRefused,
    Standing,
    automatic_excuse,
    eligible,
    mask_nip,
    parse_nip,
)

PNS = "198501012010011001"
PPPK = "199002282023212007"


@pytest.mark.parametrize(
    ("value", "category"),
    [
        pytest.param(PNS, None, id="plain"),
        pytest.param(PNS, Category.PNS, id="pns"),
        pytest.param("19850101 201001 1 001", None, id="spaced-as-printed"),
        pytest.param("\u00a019850101\u00a0201001\u202f1 001\t\n", None, id="no-break-spaces"),
        pytest.param(f"'{PNS}", None, id="leading-apostrophe"),
        pytest.param(f" '{PNS}", None, id="space-then-apostrophe"),
    ],
)
def test_accepts_and_normalises(value, category):
    assert parse_nip(value, category) == PNS


@pytest.mark.parametrize("category", [None, Category.PPPK, Category.PPPK_PARUH_WAKTU])
def test_accepts_pppk(category):
    assert parse_nip(PPPK, category) == PPPK


@pytest.mark.parametrize(
    ("nip", "category"),
    [
        pytest.param("198501012010121001", Category.PNS, id="month-12"),
        pytest.param("198501012010212001", Category.PPPK, id="contract-21"),
        pytest.param("198501012010292001", Category.PPPK, id="contract-29"),
        pytest.param("200002292023211999", None, id="leap-day-and-last-sequence"),
        pytest.param("190001012010012001", None, id="first-year"),
    ],
)
def test_accepts_the_edges(nip, category):
    assert parse_nip(nip, category) == nip


@pytest.mark.parametrize(
    ("value", "category", "code"),
    [
        pytest.param(None, None, NipFault.EMPTY, id="no-cell"),
        pytest.param("", None, NipFault.EMPTY, id="empty-text"),
        pytest.param("  \u00a0'", None, NipFault.EMPTY, id="only-decoration"),
        pytest.param(198501012010011001, None, NipFault.NUMERIC_CELL, id="int-cell"),
        pytest.param(198501012010011001.0, None, NipFault.NUMERIC_CELL, id="float-cell"),
        pytest.param(True, None, NipFault.NUMERIC_CELL, id="boolean-cell"),
        pytest.param(date(1985, 1, 1), None, NipFault.NUMERIC_CELL, id="date-cell"),
        pytest.param(f"{PNS}.0", None, NipFault.NUMERIC_CELL, id="float-written-out"),
        pytest.param(f"{PNS},00", None, NipFault.NUMERIC_CELL, id="decimal-comma"),
        pytest.param("1.99E+17", None, NipFault.SCIENTIFIC, id="scientific"),
        pytest.param("1,98501E+17", None, NipFault.SCIENTIFIC, id="scientific-with-comma"),
        pytest.param("2e17", None, NipFault.SCIENTIFIC, id="scientific-short"),
        pytest.param("19850101201001100l", None, NipFault.LETTERS, id="letter-l-for-one"),
        pytest.param("-198501012010011001", None, NipFault.LETTERS, id="sign"),
        pytest.param(
            PNS.translate({48 + digit: 0xFF10 + digit for digit in range(10)}),
            None,
            NipFault.LETTERS,
            id="full-width-digits",
        ),
        pytest.param(
            PNS.translate({48 + digit: 0x0660 + digit for digit in range(10)}),
            None,
            NipFault.LETTERS,
            id="arabic-indic-digits",
        ),
        pytest.param(f"\u200b{PNS}", None, NipFault.LETTERS, id="zero-width-space"),
        pytest.param(PNS[:-1], None, NipFault.LENGTH, id="17-digits"),
        pytest.param(f"{PNS}1", None, NipFault.LENGTH, id="19-digits"),
        pytest.param("131882645", None, NipFault.LENGTH, id="old-nip-of-9"),
        pytest.param("198501012010011000", None, NipFault.DAMAGED_TAIL, id="tail-000"),
        pytest.param("198502302010011001", None, NipFault.BIRTH_DATE, id="30-february"),
        pytest.param("198502292010011001", None, NipFault.BIRTH_DATE, id="leap-day-missing"),
        pytest.param("198513012010011001", None, NipFault.BIRTH_DATE, id="month-13"),
        pytest.param("000001012010011001", None, NipFault.BIRTH_DATE, id="year-0"),
        pytest.param("189912312010011001", None, NipFault.BIRTH_DATE, id="before-1900"),
        pytest.param("210001012010011001", None, NipFault.BIRTH_DATE, id="born-in-2100"),
        pytest.param("198501012010001001", None, NipFault.APPOINTMENT, id="month-0"),
        pytest.param("198501012010131001", None, NipFault.APPOINTMENT, id="month-13-appointed"),
        pytest.param("198501012010202001", None, NipFault.APPOINTMENT, id="contract-20"),
        pytest.param("198501012010302001", None, NipFault.APPOINTMENT, id="contract-30"),
        pytest.param("198501013010011001", None, NipFault.APPOINTMENT, id="year-3010"),
        pytest.param(PNS, Category.PPPK, NipFault.APPOINTMENT, id="pns-nip-of-a-pppk"),
        pytest.param(
            PNS, Category.PPPK_PARUH_WAKTU, NipFault.APPOINTMENT, id="pns-nip-of-a-part-timer"
        ),
        pytest.param(PPPK, Category.PNS, NipFault.APPOINTMENT, id="pppk-nip-of-a-pns"),
        pytest.param("198501012010010001", None, NipFault.GENDER, id="gender-0"),
        pytest.param("198501012010013001", None, NipFault.GENDER, id="gender-3"),
    ],
)
def test_refuses(value, category, code):
    with pytest.raises(NipRefused) as refusal:
        parse_nip(value, category)
    assert refusal.value.code is code


def test_every_fault_has_a_message():
    for code in NipFault:
        assert str(NipRefused(code))


def test_says_how_many_digits_were_found():
    with pytest.raises(NipRefused, match="18 digits and this one has 17"):
        parse_nip(PNS[:-1])


def test_says_how_to_mend_what_excel_has_done():
    for value in ("198501012010011000", "1.99E+17", 198501012010011001):
        with pytest.raises(NipRefused, match="Text"):
            parse_nip(value)


BIRTHS = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(lambda day: f"{day:%Y%m%d}")
YEARS = st.integers(1900, 2099).map(str)
TAILS = st.tuples(st.sampled_from("12"), st.integers(1, 999)).map(lambda it: f"{it[0]}{it[1]:03}")
PNS_NIPS = st.builds(
    lambda birth, year, month, tail: f"{birth}{year}{month:02}{tail}",
    BIRTHS,
    YEARS,
    st.integers(1, 12),
    TAILS,
)
PPPK_NIPS = st.builds(
    lambda birth, year, code, tail: f"{birth}{year}{code}{tail}",
    BIRTHS,
    YEARS,
    st.integers(21, 29),
    TAILS,
)


@given(PNS_NIPS)
def test_every_pns_nip_is_read_and_is_no_pppk_nip(nip):
    assert parse_nip(nip, Category.PNS) == parse_nip(nip) == nip
    with pytest.raises(NipRefused):
        parse_nip(nip, Category.PPPK)


@given(PPPK_NIPS)
def test_every_pppk_nip_is_read_and_is_no_pns_nip(nip):
    assert parse_nip(nip, Category.PPPK) == parse_nip(nip) == nip
    with pytest.raises(NipRefused):
        parse_nip(nip, Category.PNS)


@given(PNS_NIPS | PPPK_NIPS)
def test_what_excel_makes_of_a_nip_is_always_refused(nip):
    shown_by_excel = nip[:15] + "000"
    for damaged in (int(nip), float(nip), shown_by_excel, f"{float(nip):.2E}", str(float(nip))):
        with pytest.raises(NipRefused) as refusal:
            parse_nip(damaged)
        assert nip not in str(refusal.value)


@given(
    st.text()
    | st.text("0123456789 '.,eE+-\u00a0\uff11\u0661")
    | st.integers()
    | st.floats()
    | st.binary()
    | st.none()
    | st.datetimes()
)
@example("9" * 100_000)
@example(datetime(1985, 1, 1))  # noqa: DTZ001 - Spreadsheet cells have no zone.
def test_hostile_values_are_refused_or_are_18_ascii_digits(value):
    try:
        nip = parse_nip(value)
    except NipRefused:
        return
    assert len(nip) == 18
    assert nip.isascii()
    assert nip.isdigit()


@given(st.text("0123456789", min_size=6))
def test_messages_never_echo_the_value(digits):
    with pytest.raises(NipRefused) as refusal:
        parse_nip(digits + "x")
    assert digits not in str(refusal.value)


@given(PNS_NIPS | PPPK_NIPS)
def test_a_mask_shows_neither_birth_date_nor_sex(nip):
    assert mask_nip(nip) == "•" * 15 + nip[15:]


@pytest.mark.parametrize(
    ("standing", "excuse"),
    [
        (Standing.ACTIVE, None),
        (Standing.ON_LEAVE, "on_leave"),
        (Standing.STUDY, "study"),
        (Standing.SUSPENDED, "suspended"),
        (Standing.RETIRED, "retired"),
        (Standing.DISMISSED, "dismissed"),
    ],
)
def test_only_active_employees_are_asked(standing, excuse):
    assert automatic_excuse(standing) == excuse
    assert eligible(standing) is (excuse is None)
