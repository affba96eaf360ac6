"""Finding employees by name: in a body, never in an address, and only whom one may see."""

import pytest

from app.identity.scopes import Scope
from tests.api.test_isolation import key_of
from tests.api.test_registry import make_employee
from tests.support import Api

SEARCH = "/v1/employees/search"
NAMES = ("Budi Santoso, S.Pd.", "BUDIMAN", "Siti 100% Aisyah_Budi", "Agus")


@pytest.fixture
async def people(api, units) -> dict[str, str]:
    made = {}
    for number, name in enumerate(NAMES, 1):
        unit = units["16.02"] if name == "BUDIMAN" else units["16.01"]
        made[name] = (await make_employee(api, unit, number, name=name))["id"]
    return made


async def found(api: Api, name: str) -> list[str]:
    answer = await api.post(SEARCH, {"name": name})
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["items"]]


@pytest.mark.parametrize(
    ("sought", "names"),
    [
        ("budi", [NAMES[0], NAMES[1], NAMES[2]]),
        ("  SANTOSO   budi ", [NAMES[0]]),
        ("100%", [NAMES[2]]),
        ("_", [NAMES[2]]),
        ("%", [NAMES[2]]),
        ("/", []),
        ("budi agus", []),
    ],
)
async def test_every_word_is_sought_in_any_order_and_size(api, people, sought, names):
    assert await found(api, sought) == names


async def test_pages_follow_the_names(api, people):
    seen, cursor = [], ""
    while cursor is not None:
        path = f"{SEARCH}?limit=1" + (f"&cursor={cursor}" if cursor else "")
        page = (await api.post(path, {"name": "budi"})).json()
        seen += [each["name"] for each in page["items"]]
        cursor = page["next"]
    assert seen == [NAMES[0], NAMES[1], NAMES[2]]


async def test_a_head_finds_the_own_unit_only_and_nips_masked(
    api, services, government, people, units, http
):
    scopes = [Scope.EMPLOYEES_READ]
    unit = units["16.01"]["id"]
    head = Api(http, await key_of(services, government.tenant_id, unit=unit, scopes=scopes))
    assert await found(head, "budi") == [NAMES[0], NAMES[2]]
    [one] = (await head.post(SEARCH, {"name": "agus"})).json()["items"]
    assert (one["nip_masked"], one["nip"][:15]) == (True, "•" * 15)
    # A place in the list that is not the head's own tells nothing either.
    whole = (await api.post(f"{SEARCH}?limit=2", {"name": "budi"})).json()
    answer = await head.post(f"{SEARCH}?cursor={whole['next']}", {"name": "budi"})
    assert answer.json()["items"] == []


async def test_other_governments_people_are_not_found(other_api, people):
    assert await found(other_api, "budi") == []


async def test_whom_a_search_tells_of_is_in_the_trail(api, people):
    await found(api, "agus")
    [entry] = (await api.get("/v1/audit", employee=people["Agus"], limit=1)).json()["items"]
    assert entry["operation"] == "search_employees"
    assert entry["employee_ids"] == [people["Agus"]]


@pytest.mark.parametrize("name", ["", "   ", "a\u0000b", "x" * 101])
async def test_what_is_no_name_is_refused_unquoted(api, people, name):
    answer = await api.post(SEARCH, {"name": name})
    assert answer.status_code == 422
    assert "xxx" not in answer.text
