"""Addresses: what is taken, what is refused, how little is shown; and whose head is told."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contacts.rules import (
    AddressRefused,
    mask_email,
    mask_phone,
    nearest_head,
    parse_email,
    parse_phone,
)

GOOD_EMAILS = [
    pytest.param("budi@sumselprov.go.id", "budi@sumselprov.go.id", id="plain"),
    pytest.param("  Budi.S+bkd@SumselProv.GO.ID ", "Budi.S+bkd@sumselprov.go.id", id="spaces-case"),
    pytest.param("o'brien@x-y.id", "o'brien@x-y.id", id="apostrophe"),
]
BAD_EMAILS = [
    "", "budi", "@go.id", "budi@", "budi@go", "budi@.id", "budi@go..id", "bu di@go.id",
    ".budi@go.id", "budi.@go.id", "bu..di@go.id", "budi@go.id\nBcc: x@y.id", "budi@go.id\r",
    "budi\n@go.id", "budi@go.id,siti@go.id", "<budi@go.id>", '"bu di"@go.id', "budi@-go.id",
    "budi@10.0.0.1", "büdi@go.id", "budi@gö.id", f"{'a' * 65}@go.id", f"a@{'b' * 64}.id",
    "budi@go.id;x", "budi@[127.0.0.1]", f"a@{'b.' * 130}id",
]  # fmt: skip


@pytest.mark.parametrize(("given_text", "expected"), GOOD_EMAILS)
def test_addresses_are_taken(given_text, expected):
    assert parse_email(given_text) == expected


@pytest.mark.parametrize("text", BAD_EMAILS)
def test_what_is_no_address_is_refused_without_being_quoted(text):
    # A line break at either end is white space that falls away, and nothing more.
    if text.strip() == "budi@go.id":
        assert parse_email(text) == "budi@go.id"
        return
    with pytest.raises(AddressRefused) as refused:
        parse_email(text)
    assert refused.value.code == "email"
    assert not text or text not in str(refused.value)


@given(st.text(max_size=60))
def test_no_address_can_carry_a_second_line(text):
    try:
        taken = parse_email(text)
    except AddressRefused:
        return
    assert taken.isascii()
    assert taken.isprintable()
    assert not set(taken) & set(' ,;<>"()[]:\\')
    assert taken.count("@") == 1
    assert parse_email(taken) == taken


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("081234567890", "+6281234567890", id="trunk-zero"),
        pytest.param("'0812-3456-7890", "+6281234567890", id="spreadsheet-quote"),
        pytest.param("+62 812 3456 7890", "+6281234567890", id="international"),
        pytest.param("6281234567890", "+6281234567890", id="without-plus"),
        pytest.param("81234567890", "+6281234567890", id="zero-lost-in-a-spreadsheet"),
        pytest.param("(0711) 355-1234", "+627113551234", id="landline"),
        pytest.param("+14155550123", "+14155550123", id="abroad"),
    ],
)
def test_numbers_are_taken_as_e164(text, expected):
    assert parse_phone(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "-", "0", "6.28123E+12", "0812x4567890", "+620812345678", "+0812345678", "00812345678",
     "\u0660\u0668\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668", "0812345678901234",
     "081234567890 / 081234567891"],
)  # fmt: skip
def test_what_is_no_number_is_refused(text):
    with pytest.raises(AddressRefused) as refused:
        parse_phone(text)
    assert refused.value.code == "phone"


def test_a_mask_shows_too_little_to_write_to():
    assert mask_email("budi.santoso@sumselprov.go.id") == "b•••@•••.id"
    assert mask_phone("+6281234567890") == "+•••890"


ROOT, AGENCY, DIVISION, OTHER = (UUID(int=n) for n in range(1, 5))
CHIEF, HEAD, PERSON = (UUID(int=n) for n in range(11, 14))


@pytest.mark.parametrize(
    ("heads", "person", "expected"),
    [
        pytest.param({ROOT: CHIEF, AGENCY: HEAD}, PERSON, (AGENCY, HEAD), id="nearest"),
        pytest.param({ROOT: CHIEF}, PERSON, (ROOT, CHIEF), id="further-up"),
        pytest.param({ROOT: CHIEF, AGENCY: HEAD}, HEAD, (ROOT, CHIEF), id="not-the-person"),
        pytest.param({OTHER: HEAD}, PERSON, None, id="nobody-above"),
        pytest.param({DIVISION: HEAD}, HEAD, None, id="only-the-person"),
    ],
)
def test_who_is_told_of_a_person(heads, person, expected):
    assert nearest_head([ROOT, AGENCY, DIVISION], heads, other_than=person) == expected
