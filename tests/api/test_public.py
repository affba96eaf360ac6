"""What anybody may ask: is this a government's own account, and what do figures mean?"""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.campaigns.schemas import VerdictCounts
from app.main import create_app
from app.settings import Settings
from tests.api.test_growth import official_account
from tests.edge.test_edge import calling
from tests.support import Api

PAGE = "https://www.instagram.com/pemprovsumsel/?hl=id"


async def verified(http: httpx.AsyncClient, url: str, **asked: str) -> dict[str, Any]:
    answer = await http.get("/v1/verify", params={"url": url, **asked})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "public, max-age=300"
    return answer.json()


async def test_an_official_account_is_told_with_its_government(api: Api, http):
    account = await official_account(api, "pemprovsumsel")
    for url, asked in (
        (PAGE, {}),
        ("instagram.com/PemprovSumsel", {}),
        ("@pemprovsumsel", {"platform": "instagram"}),
    ):
        found = await verified(http, url, **asked)
        assert (found["finding"], found["platform"]) == ("official", "instagram")
        assert found["owners"] == [
            {"government": "Pemprov sumsel", "account_name": account["name"]}
        ]


async def test_one_that_is_not_registered_is_not_called_false(api: Api, http):
    await official_account(api, "pemprovsumsel")
    for url in (
        "https://www.instagram.com/pemprov.sumsel/",
        "https://www.tiktok.com/@pemprovsumsel",
    ):
        found = await verified(http, url)
        assert (found["finding"], found["owners"]) == ("not_registered", [])
        assert "tidak berarti bahwa akun ini palsu" in found["note"]


async def test_every_government_that_registers_it_is_named(api: Api, http, other_government):
    await official_account(api, "pemprovsumsel")
    await official_account(Api(http, other_government.token), "pemprovsumsel")
    owners = (await verified(http, PAGE))["owners"]
    assert [each["government"] for each in owners] == ["Pemprov jambi", "Pemprov sumsel"]


async def test_what_is_switched_off_or_out_of_office_is_official_no_more(api: Api, http, clock):
    today = clock.at.date()
    term = {
        "owner_kind": "person",
        "office_term_start": (today - timedelta(days=900)).isoformat(),
        "office_term_end": (today + timedelta(days=10)).isoformat(),
    }
    await official_account(api, "pemprovsumsel", **term)
    agency = await official_account(api, "humassumsel")
    assert (await verified(http, PAGE))["finding"] == "official"
    clock.at += timedelta(days=12)
    assert (await verified(http, PAGE))["finding"] == "not_registered"
    own_page = PAGE.replace("pemprovsumsel", "humassumsel")
    assert (await verified(http, own_page))["finding"] == "official"
    path = f"/v1/official-accounts/{agency['id']}"
    answer = await api.patch(path, {"active": False}, etag=f'"{agency["version"]}"')
    assert answer.status_code == 200, answer.text
    assert (await verified(http, own_page))["finding"] == "not_registered"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"url": ""}, "empty"),
        ({"url": "pemprovsumsel"}, "ambiguous_platform"),
        ({"url": "https://example.go.id/humas"}, "unknown_platform"),
        ({"url": "https://www.instagram.com/p/abc/"}, "not_a_profile"),
        ({}, "missing"),
    ],
)
async def test_what_is_no_account_is_said(http, units, asked, code):
    refused = await http.get("/v1/verify", params=asked)
    assert refused.status_code == 422
    [fault] = refused.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/query/url", code)


async def test_one_address_may_not_ask_for_ever(services, units):
    services.settings = Settings(rate_limit_visits=3)
    async with calling(create_app(services)) as client:
        statuses = [
            (await client.get("/v1/verify", params={"url": PAGE})).status_code for _ in range(4)
        ]
    assert statuses == [200, 200, 200, 429]


async def test_figures_are_defined_with_versions(http):
    answer = await http.get("/v1/definitions")
    found = {each["key"]: each for each in answer.json()["items"]}
    assert {"eligible", "met", "unmet", "unknown", "gain", "attainment"} <= set(found)
    assert all(each["version"] >= 1 and each["text"] for each in found.values())
    assert answer.headers["cache-control"] == "public, max-age=86400"


async def test_metadata_holds_together(http):
    answer = await http.get("/v1/metadata")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=86400"
    assert answer.headers["content-language"] == "id"
    told = answer.json()
    variables = {each["key"] for each in told["variables"]}
    classifications = {each["key"] for each in told["classifications"]}
    operations = {
        f"{method.upper()} {path}"
        for path, methods in (await http.get("/openapi.json")).json()["paths"].items()
        for method in methods
    }
    for each in (*told["variables"], *told["indicators"]):
        assert set(each["answered_by"]) <= operations, each["key"]
        assert each["open_to_public"] is False
    for each in told["indicators"]:
        assert set(each["variables"]) <= variables, each["key"]
        assert set(each["classifications"]) <= classifications, each["key"]
    used = {each["classification"] for each in told["variables"]}
    used |= {each for found in told["indicators"] for each in found["classifications"]}
    assert used == classifications
    assert told["activity"]["statistics"] == "Statistik sektoral"
    assert "Nomor 39 Tahun 2019" in told["standards"][0]


async def test_metadata_says_no_definition_of_its_own(http):
    meant = {each["key"]: each for each in (await http.get("/v1/definitions")).json()["items"]}
    indicators = (await http.get("/v1/metadata")).json()["indicators"]
    for each in indicators:
        found = meant[each["key"]]
        told = (each["name"], each["definition"], each["definition_version"])
        assert told == (found["name"], found["text"], found["version"])
    # Everything that the API counts of verdicts and of growth is described.
    assert {"gain", "growth", "attainment", "shortfall", "known_share", "met_share"} <= {
        each["key"] for each in indicators
    }
    assert set(VerdictCounts.model_fields) <= {each["key"] for each in indicators}


async def test_what_only_the_operator_knows_is_null_until_it_is_stated(services, http):
    unstated = (await http.get("/v1/metadata")).json()["activity"]
    for name in ("data_producer", "walidata", "contact", "licence", "area"):
        assert unstated[name] is None
    services.settings = Settings(metadata_walidata="Diskominfo", metadata_licence="CC BY 4.0")
    async with calling(create_app(services)) as client:
        stated = (await client.get("/v1/metadata")).json()["activity"]
    assert (stated["walidata"], stated["licence"]) == ("Diskominfo", "CC BY 4.0")
    assert stated["data_producer"] is None
