"""SIASN's answers: what is read, what is refused, and that only one wording means "not there"."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.siasn import reading
from app.siasn.errors import LoginPage, NoSuchEmployee, NotUnderstood, Refused, SiasnError
from app.siasn.sandbox import INVENTED, KEPT_FROM_READERS

NIP = "199001012020011001"


def envelope(code: object, data: object, message: object = "success") -> bytes:
    return json.dumps({"code": code, "data": data, "message": message}).encode()


def told(**fields: object) -> dict[str, object]:
    return {"nipBaru": NIP, "nama": "Budi", **fields}


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (envelope(0, None, "Data tidak ditemukan"), NoSuchEmployee),
        (envelope("0", "", " data  TIDAK ditemukan. "), NoSuchEmployee),
        (envelope(0, "Data tidak ditemukan", ""), NoSuchEmployee),
        (envelope(0, "Data tidak ditemukan", "Data tidak ditemukan"), NoSuchEmployee),
        (envelope(0, told(), "Data tidak ditemukan"), Refused),
        (envelope(0, None, "Data tidak ditemukan karena gangguan"), Refused),
        (envelope(0, None, "Terjadi kesalahan"), Refused),
        (envelope(0, None, None), Refused),
        (envelope(2, None, "Data tidak ditemukan"), Refused),
        (envelope(True, told()), NotUnderstood),
        (envelope(None, told()), NotUnderstood),
        (b'{"code": 1, "message": "success"}', NotUnderstood),
        (b'{"message": "Data tidak ditemukan"}', NotUnderstood),
        (b"", NotUnderstood),
        (b"null", NotUnderstood),
        (b"[]", NotUnderstood),
        (b'"Data tidak ditemukan"', NotUnderstood),
        (b'{"code": 1, "data": {', NotUnderstood),
        (b"\xff\xfe{", NotUnderstood),
        (b"[" * 100_000, NotUnderstood),
        (b'{"code":1,"data":NaN}', NotUnderstood),
        (b"\n <!DOCTYPE html><html>Data tidak ditemukan</html>", LoginPage),
        (b"\xef\xbb\xbf<html>", LoginPage),
    ],
    ids=[
        "not-found", "not-found-as-text", "not-found-in-data", "not-found-twice",
        "not-found-beside-data", "longer-wording", "error", "no-words", "another-code", "bool-code",
        "no-code", "no-data", "words-without-code", "empty", "null", "list", "text", "cut-off",
        "no-utf8", "deep", "nan", "html", "html-behind-bom",
    ],
)  # fmt: skip
def test_what_an_envelope_means(content, error):
    with pytest.raises(SiasnError) as caught:
        reading.payload_of(content)
    assert type(caught.value) is error


@pytest.mark.parametrize("code", [1, "1"])
def test_numbers_may_be_texts(code):
    servant = reading.servant_of(reading.payload_of(envelope(code, told(unorId=" A8 "))), NIP)
    assert (servant.name, servant.unor_id, servant.position) == ("Budi", "A8", None)


@pytest.mark.parametrize(
    "payload",
    [
        None, [], "Budi", 5, {}, [told()], told(nipBaru=None), told(nipBaru=int(NIP) + 1),
        told(nipBaru="199001012020011002"), told(nama=""), told(nama=["Budi"]),
        told(jabatanNama={"id": 1}), told(unorId=True), told(unorId=1.5), told(nama="B\x00"),
        told(nama="x" * 501),
    ],
)  # fmt: skip
def test_an_employee_that_is_not_understood_is_no_employee_unknown(payload):
    with pytest.raises(NotUnderstood) as caught:
        reading.servant_of(payload, NIP)
    assert NIP not in str(caught.value)


def test_what_nobody_may_read_stays_in_the_bytes():
    """A canary in every forbidden field, and in others nobody has heard of, comes out nowhere."""
    canaries = dict.fromkeys((*KEPT_FROM_READERS, "anak", "pasangan", "baru"), INVENTED)
    servant = reading.servant_of(reading.payload_of(envelope(1, told(**canaries))), NIP)
    held = [getattr(servant, name) for name in servant.__slots__]
    assert "Budi" in held
    assert not any(INVENTED in str(value) for value in held)
    assert "Budi" not in repr(servant)
    (line,) = reading.appointments_of([{"nip": NIP, "nama": "Budi", **canaries}])
    assert [getattr(line, name) for name in line.__slots__] == [NIP, None]
    assert NIP not in repr(line)
    (unor,) = reading.units_of([{"Id": "A8", "NamaUnor": "Dinas", **canaries}])
    assert INVENTED not in repr(unor)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("01-03-2026", date(2026, 3, 1)), ("29-02-2024", date(2024, 2, 29)), ("01-01-0001", None),
        ("", None), (None, None),
    ],
)  # fmt: skip
def test_days(value, day):
    assert reading.day_of(value) == day


@pytest.mark.parametrize(
    "value",
    ["2026-03-01", "1-3-2026", "31-02-2026", "00-00-0000", "01-03-26", "01/03/2026", "x", 1, True],
)
def test_what_is_no_day(value):
    with pytest.raises(NotUnderstood):
        reading.day_of(value)


@pytest.mark.parametrize(
    "payload",
    [
        None, {}, [], "", [None], [{"Id": "A"}], [{"NamaUnor": "Dinas"}],
        [{"Id": "A", "NamaUnor": "Dinas"}, {"Id": "a", "NamaUnor": "Biro"}],
    ],
)  # fmt: skip
def test_units_that_are_no_list_of_units(payload):
    with pytest.raises(NotUnderstood):
        reading.units_of(payload)


def test_units_and_appointments():
    row = {"Id": 7, "NamaUnor": "Dinas", "DiatasanId": ""}
    assert reading.units_of([row, row]) == [reading.Unor("7", "Dinas", None)]
    assert reading.appointments_of([]) == []
    (line,) = reading.appointments_of([{"nip": "", "tgl_pertek": "02-01-2026"}])
    assert (line.nip, line.approved_on) == (None, date(2026, 1, 2))
    refused: list[object] = [None, {}, "Data tidak ditemukan", [{"nip": 199001012020011000}]]
    for payload in refused:
        with pytest.raises(NotUnderstood):
            reading.appointments_of(payload)


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        (b'{"access_token": "a.b", "expires_in": "3600"}', 3600),
        (b'{"access_token": "a.b", "expires_in": 5}', 5),
        (b'{"access_token": "a.b", "expires_in": 9223372036854775807}', 86_400),
        (b'{"access_token": "a.b", "expires_in": 0}', None),
        (b'{"access_token": "a.b"}', None),
        (b'{"access_token": "a\\r\\nX: b", "expires_in": 5}', None),
        (b'{"access_token": "", "expires_in": 5}', None),
        (b'{"expires_in": 5}', None),
    ],
)
def test_tokens(content, seconds):
    if seconds is None:
        with pytest.raises(NotUnderstood):
            reading.token_of(content)
    else:
        assert reading.token_of(content).seconds == seconds
        assert "a.b" not in repr(reading.token_of(content))


@pytest.mark.parametrize(
    ("content", "is_fault"),
    [
        (b'{"fault": {"code": 900901, "message": "Invalid Credentials"}}', True),
        (b'{"code": "900902", "message": "Missing Credentials"}', True),
        (b'{"code": 0, "message": "token expired"}', False),
        (b'{"fault": "900901"}', False),
        (b"<html>900901</html>", False),
        (b"", False),
    ],
)
def test_whose_refusal_it_is(content, is_fault):
    assert reading.is_apim_fault(content) is is_fault


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["code", "data", "message", "nipBaru", "nama", "unorId", "Id"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.binary(max_size=200) | JSONS.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_become_a_person_or_the_lack_of_one(content):
    """Whatever comes is an error of the tree; that nobody is there needs the very words."""
    for read in (reading.units_of, lambda payload: reading.servant_of(payload, NIP)):
        with pytest.raises(SiasnError) as caught:
            read(reading.payload_of(content))
        assert not isinstance(caught.value, NoSuchEmployee)
    assert reading.is_apim_fault(content) in {True, False}


@given(st.dates(min_value=date(1, 1, 2)))
def test_every_day_is_read_back(day):
    assert reading.day_of(f"{day.day:02}-{day.month:02}-{day.year:04}") == day
