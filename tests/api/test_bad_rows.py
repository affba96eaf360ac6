"""A thousand bad rows: each is told with its line and column, and none of its values is quoted."""

import csv
import io
from random import Random
from typing import Any

import pytest

from tests.api.test_api_keys import make as make_key
from tests.api.test_imports import UNITS, put
from tests.support import Api, nip

GOOD = {"nip": "", "name": "Pegawai", "category": "pppk", "unit_code": "16.01"}
CANARY = "kenari7f3a9"
ROWS = 1_000
TOLD = ("line", "column", "code", "message")


def broken(random: Random, number: int) -> dict[str, str]:
    """A row with one fault, of every kind that a file from an office has shown."""
    row = {**GOOD, "nip": nip(number)}
    faults: tuple[dict[str, str], ...] = (
        {"nip": ""},
        {"nip": "1.98E+17"},
        {"nip": f"{nip(number)[:15]}000"},
        {"nip": nip(number)[:-1]},
        {"nip": f"{nip(number)[:-1]}{CANARY}"},
        {"nip": "999999" + nip(number)[6:]},
        {"nip": f'=HYPERLINK("http://{CANARY}")'},
        {"nip": f"'{nip(number)}x"},
        {"nip": "٣" * 18},
        {"name": ""},
        {"name": f"{CANARY}\x07"},
        {"name": f"+{CANARY}" * 100},
        {"category": CANARY},
        {"category": f"@{CANARY}"},
        {"unit_code": ""},
        {"unit_code": f"16.99-{CANARY}"},
        {"standing": CANARY},
        {"email": f"{CANARY} tanpa alamat"},
        {"phone": f"-{CANARY}"},
    )
    return {**row, **random.choice(faults)}


def written(rows: list[dict[str, str]]) -> bytes:
    names = ("nip", "name", "category", "unit_code", "position", "standing", "email", "phone")
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_each_bad_row_is_told_and_nothing_of_it_is_quoted(api: Api, http, seed):
    await put(api, "work_units", UNITS)
    random = Random(seed)  # noqa: S311 - A fault is drawn, and no secret.
    rows = [broken(random, number) for number in range(1, ROWS + 1)]
    good = {**GOOD, "nip": nip(ROWS + 1)}
    sent = await api.upload("/v1/imports", written([*rows, good]), kind="employees")
    assert sent.status_code == 201, sent.text
    made: dict[str, Any] = sent.json()
    assert made["accepted"] + made["rejected"] == made["rows"] == ROWS + 1
    assert made["accepted"] == 1
    answer = await api.get(f"/v1/imports/{made['id']}/errors.csv")
    told = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert sorted(int(each["line"]) for each in told) == list(range(2, ROWS + 2))
    for each in told:
        assert each["column"] in {*GOOD, "standing", "email", "phone", "position"}
        assert len(each["message"]) > 20
        for cell in each.values():
            assert cell[:1] not in {"=", "+", "-", "@", "\t", "\r", "\u066a", "\uff1d"}
    # The row is given back to be mended; what is said of it quotes nothing.
    said = sent.text + str([[each[name] for name in TOLD] for each in told])
    reader = await make_key(api, scopes=["imports:read"])
    masked = await Api(http, reader["token"]).get(f"/v1/imports/{made['id']}/errors.csv")
    assert masked.text.splitlines()[0] == ",".join(TOLD)
    assert len(masked.text.splitlines()) == ROWS + 1
    for shown in (said, masked.text):
        assert CANARY not in shown
        assert not any(row["nip"][:12] in shown for row in rows if len(row["nip"]) > 12)
