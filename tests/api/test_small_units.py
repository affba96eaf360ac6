"""Outside BKD no recap tells what fewer than five people did, not even by a difference."""

from typing import Any

import pytest

from app.identity.scopes import Scope
from tests.api.test_compliance import START, judge, make_campaign
from tests.api.test_growth import official_account, read_count
from tests.api.test_imports import put, table
from tests.api.test_isolation import key_of
from tests.support import NOW, Api, nip

UNITS = (
    "code,name,parent_code\n16,Provinsi,\n16.01,Dinas A,16\n16.02,Dinas B,16\n16.03,Dinas C,16\n"
    "16.01.1,Bidang Kecil,16.01\n"
)
# 6 in A itself and 3 below it, 5 in B, 7 in C; one of B is a PNS; two of C are on Instagram.
PLACES = ["16.01"] * 6 + ["16.01.1"] * 3 + ["16.02"] * 5 + ["16.03"] * 7
OUTSIDE = [each for each in Scope if each is not Scope.EMPLOYEES_READ_NIP]


@pytest.fixture
async def campaign(api: Api, services: Any, government: Any) -> dict:
    await put(api, "work_units", UNITS)
    rows = [f"{nip(n)},Pegawai {n},pppk,{code},," for n, code in enumerate(PLACES, start=1)]
    await put(api, "employees", table(*rows))
    await put(
        api,
        "accounts",
        "nip,platform,account,attested_on\n"
        f"{nip(20)},instagram,duapuluh,2026-11-01\n{nip(21)},instagram,duasatu,2026-11-01\n"
        f"{nip(1)},instagram,satu,2026-11-01\n",
    )
    account = await official_account(api)
    await read_count(api, account, START, followers=41)
    made = await make_campaign(api, account, cohort={})
    await judge(services, government, made)
    return made


async def caller(http: Any, api: Api, services: Any, government: Any, code: str | None) -> Api:
    """A key outside BKD: of an executive, or of the head of one unit."""
    known = {each["code"]: each["id"] for each in (await api.get("/v1/work-units")).json()["items"]}
    unit = known[code] if code else None
    return Api(http, await key_of(services, government.tenant_id, unit=unit, scopes=OUTSIDE))


async def recap(api: Api, campaign: dict, by: str = "work_unit") -> dict[tuple[str, str], Any]:
    answer = await api.get(f"/v1/campaigns/{campaign['id']}/recap", by=by)
    assert answer.status_code == 200, answer.text
    found = {}
    for row in answer.json()["items"]:
        assert row["suppressed"] is (row["counts"] is None)
        eligible = row["counts"]["eligible"] if row["counts"] else None
        found[row["code"] or row["name"], row["duty"]] = eligible
    return found


async def test_bkd_sees_every_unit(api, campaign):
    assert await recap(api, campaign) == {
        ("16", "declare"): 21, ("16.01", "declare"): 9, ("16.01.1", "declare"): 3,
        ("16.02", "declare"): 5, ("16.03", "declare"): 7,
        ("16", "follow"): 3, ("16.01", "follow"): 1, ("16.03", "follow"): 2,
    }  # fmt: skip
    progress = (await api.get(f"/v1/campaigns/{campaign['id']}/progress")).json()
    assert all(each["counts"] and each["reasons"] for each in progress["duties"])


async def test_an_executive_sees_no_small_unit_and_no_difference_that_is_one(
    http, api, services, government, campaign
):
    executive = await caller(http, api, services, government, None)
    assert await recap(executive, campaign) == {
        ("16", "declare"): 21, ("16.01", "declare"): 9, ("16.01.1", "declare"): None,
        ("16.02", "declare"): 5, ("16.03", "declare"): 7,
        # Three people follow duties concern in all: too few to tell anything of.
        ("16", "follow"): None, ("16.01", "follow"): None, ("16.03", "follow"): None,
    }  # fmt: skip
    progress = (await executive.get(f"/v1/campaigns/{campaign['id']}/progress")).json()
    told = {each["duty"]: (each["suppressed"], each["counts"]) for each in progress["duties"]}
    assert told["follow"] == (True, None)
    assert told["declare"][1]["eligible"] == 21
    reasons = {each["duty"]: each["reasons"] for each in progress["duties"]}
    assert reasons["follow"] == {}
    assert reasons["declare"] != {}
    # Nor does growth tell of these three, whoever has asked for it before.
    path, window = f"/v1/campaigns/{campaign['id']}/progress", {"from": START.isoformat()}
    growth = f"/v1/official-accounts/{progress['official_account_id']}/growth"
    for reader, told_of_each in ((api, True), (executive, False), (api, True)):
        for answer in (
            await reader.get(path),
            await reader.get(growth, campaign=campaign["id"], **window),
            await reader.get(path, known_at=NOW.isoformat()),
        ):
            assert answer.status_code == 200, answer.text
            found = answer.json()
            assert found["gain"] is not None
            assert (found["attribution"] is not None) is told_of_each
            assert (found["reachable_gain"] is not None) is told_of_each


async def test_a_large_sister_hides_where_a_difference_would_tell(
    http, api, services, government, campaign
):
    # Two leave A, so that its own four and the three below it can be told only together.
    for number in (5, 6):
        await put(api, "employees", table(f"{nip(number)},Pegawai {number},pppk,16.02,,"))
    await judge(services, government, campaign)
    executive = await caller(http, api, services, government, None)
    found = await recap(executive, campaign)
    assert {code: found[code, "declare"] for code in ("16.01", "16.01.1", "16.02")} == {
        "16.01": 7, "16.01.1": None, "16.02": 7,
    }  # fmt: skip
    # Now one more leaves the small unit upwards: the two below it and five above stay apart.
    await put(api, "employees", table(f"{nip(7)},Pegawai 7,pppk,16,,"))
    await judge(services, government, campaign)
    found = await recap(executive, campaign)
    assert found["16", "declare"] == 21
    # 21 less A, B and C would be the one person of the province itself.
    hidden = [code for code in ("16.01", "16.02", "16.03") if found[code, "declare"] is None]
    assert hidden == ["16.01"]
    # Its head is told no more than the executive, or the two could put their numbers together.
    head = await caller(http, api, services, government, "16.01")
    for by in ("work_unit", "category"):
        told = {duty: counts for (_, duty), counts in (await recap(head, campaign, by)).items()}
        assert told["declare"] is None, by
    progress = (await head.get(f"/v1/campaigns/{campaign['id']}/progress")).json()
    assert {each["counts"] for each in progress["duties"]} == {None}


async def test_a_unit_head_sees_the_same_numbers_of_their_units(
    http, api, services, government, campaign
):
    executive = await recap(await caller(http, api, services, government, None), campaign)
    head = await recap(await caller(http, api, services, government, "16.01"), campaign)
    assert head == {key: value for key, value in executive.items() if key[0].startswith("16.01")}


async def test_the_head_of_a_small_unit_sees_no_number_of_it(
    http, api, services, government, campaign
):
    head = await caller(http, api, services, government, "16.01.1")
    for by in ("work_unit", "category", "platform", "official_account"):
        found = await recap(head, campaign, by)
        assert set(found.values()) <= {None}, by
    progress = (await head.get(f"/v1/campaigns/{campaign['id']}/progress")).json()
    assert [(each["suppressed"], each["reasons"]) for each in progress["duties"]] == [(True, {})]


async def test_small_categories_hide_with_a_large_one(http, api, services, government, campaign):
    pns = nip(30)[:8] + "202401" + nip(30)[14:]
    await put(api, "employees", table(f"{pns},Pegawai 30,pns,16.02,,"))
    made = await make_campaign(api, await official_account(api, "lain"), cohort={})
    await judge(services, government, made)
    executive = await caller(http, api, services, government, None)
    assert (await recap(api, made, "category"))["pns", "declare"] == 1
    found = await recap(executive, made, "category")
    assert {key: value for key, value in found.items() if key[1] == "declare"} == {
        ("pns", "declare"): None, ("pppk", "declare"): None,
    }  # fmt: skip
