"""Who was told of whom while a key was in the wrong hands, for the notice of a breach."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.access.world import BREACH
from tests.api.test_api_keys import make
from tests.api.test_registry import make_employee
from tests.support import NOW, Api


@pytest.fixture
async def leaked(api: Api, http, units, clock) -> dict[str, Any]:
    """A key that has read of two of three people, one of them twice, within the window."""
    people = [await make_employee(api, units["16.01"], number) for number in (1, 2, 3)]
    key = await make(api, scopes=["employees:read"])
    thief = Api(http, key["token"])
    for hours, person in ((-1, 2), (0, 0), (1, 0), (2, 1), (5, 2)):
        clock.at = NOW + timedelta(hours=hours)
        await api.get(f"/v1/employees/{people[2]['id']}")
        assert (await thief.get(f"/v1/employees/{people[person]['id']}")).status_code == 200
    clock.at = NOW + timedelta(hours=6)
    body = {
        **BREACH,
        "principals": [f"api_key:{key['id']}"],
        "begins": NOW.isoformat(),
        "ends": (NOW + timedelta(hours=3)).isoformat(),
        "found_at": (NOW + timedelta(hours=4)).isoformat(),
    }
    made = await api.post("/v1/privacy/breaches", body)
    assert made.status_code == 201, made.text
    return {"people": [each["id"] for each in people], "breach": made.json()}


async def test_the_export_tells_who_what_and_when(api, leaked):
    breach = leaked["breach"]
    due = datetime.fromisoformat(breach["notify_until"])
    assert due == NOW + timedelta(hours=4 + 72)
    export = (await api.get(f"/v1/privacy/breaches/{breach['id']}/export")).json()
    assert (export["breach"], export["in_trail"]) == (breach, True)
    told = {each["employee_id"]: each for each in export["people"]}
    assert set(told) == set(leaked["people"][:2])
    first = told[leaked["people"][0]]
    assert (first["looks"], first["operations"], first["exported"]) == (2, ["get_employee"], False)
    moments = [datetime.fromisoformat(first[name]) for name in ("first_at", "last_at")]
    assert moments == [NOW, NOW + timedelta(hours=1)]
    trail = (await api.get("/v1/audit", kind="export")).json()["items"]
    assert (trail[0]["operation"], trail[0]["people"]) == ("export_breach", 2)


async def test_a_breach_is_closed_once(api, leaked):
    path = f"/v1/privacy/breaches/{leaked['breach']['id']}"
    said = {"conclusion": "Telah diberitahukan", "closed_by": "Kepala BKD"}
    closed = await api.post(f"{path}/closure", said)
    assert (closed.status_code, closed.json()["conclusion"]) == (200, "Telah diberitahukan")
    assert (await api.post(f"{path}/closure", said)).status_code == 409
    assert (await api.get(path)).json() == closed.json()
    assert (await api.get("/v1/privacy/breaches")).json()["items"] == [closed.json()]


async def test_a_lost_backup_has_no_key_and_says_so(api, clock):
    lost = {
        **BREACH,
        "what": "Cadangan basis data hilang",
        "principals": [],
        "systems": ["Cadangan harian di gedung B"],
        "data_kinds": ["nama", "unit kerja"],
    }
    made = await api.post("/v1/privacy/breaches", lost)
    assert made.status_code == 201, made.text
    assert {name: made.json()[name] for name in ("systems", "data_kinds")} == {
        name: lost[name] for name in ("systems", "data_kinds")
    }
    export = (await api.get(f"/v1/privacy/breaches/{made.json()['id']}/export")).json()
    # An empty list is no statement that nobody was concerned.
    assert (export["in_trail"], export["people"]) == (False, [])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"ends": BREACH["begins"]}, id="no-window"),
        pytest.param({"ends": (NOW + timedelta(hours=1)).isoformat()}, id="ahead"),
        pytest.param({"found_at": (NOW + timedelta(hours=1)).isoformat()}, id="found-tomorrow"),
        pytest.param({"principals": []}, id="nobody-and-nothing"),
        pytest.param({"principals": ["Budi"]}, id="a-name"),
    ],
)
async def test_what_is_no_breach_is_refused(api, change):
    refused = await api.post("/v1/privacy/breaches", {**BREACH, **change})
    assert refused.status_code == 422
