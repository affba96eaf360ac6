"""OpenAPI tells who may call, and how each operation may refuse."""

from app.naming import called_by_title
from tests.api.test_isolation import PUBLIC, concrete


async def test_the_contract_asks_for_a_token_exactly_where_the_service_does(http):
    document = (await http.get("/openapi.json")).json()
    told, asked = set(), set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if operation.get("security"):
                asks = operation["security"][0]["bearer"]
                assert asks or path == "/v1/session", (method, path)
                told.add((method, path))
                assert {"401", "403"} <= set(operation["responses"])
            if (await http.request(method, concrete(path))).status_code == 401:
                asked.add((method, path))
    assert told == asked
    assert {path for path in document["paths"] if ("get", path) not in told} >= PUBLIC
    assert len(told) > 90


async def test_the_scopes_of_the_contract_open_the_operation(http, api):
    document = (await http.get("/openapi.json")).json()
    operation = document["paths"]["/v1/employees/lookup"]["post"]
    scopes = ["employees:read", "employees:read_nip"]
    assert operation["security"] == [{"bearer": scopes}, {"session": scopes}]


async def test_every_refusal_is_a_problem(http):
    document = (await http.get("/openapi.json")).json()
    refusals = 0
    # Browsers are shown pages there.
    pages = {"/sign-in", "/sign-in/callback", "/sign-in/link", "/v1/connections/callback"}
    for path, operations in document["paths"].items():
        if path in pages:
            continue
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                if status >= "4":
                    refusals += 1
                    kind = "scim+json" if path.startswith("/scim/") else "problem+json"
                    assert f"application/{kind}" in answer.get("content", {}), (method, path)
    assert refusals > 500
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_names_are_good_for_clients(http):
    document = (await http.get("/openapi.json")).json()
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert len({each["operationId"] for each in operations}) == len(operations) > 100
    assert document["servers"] == [{"url": "/", "description": "This service"}]
    schemas = document["components"]["schemas"]
    assert schemas["EmployeePage"]["properties"]["items"]["items"]["$ref"].endswith("/EmployeeOut")
    assert not [name for name in schemas if "__" in name or name.startswith("Page_")]
    # The document still holds together after its schemas were renamed.
    told = str(document)
    for name in {part.split("'")[0] for part in told.split("#/components/schemas/")[1:]}:
        assert name in schemas


def test_two_schemas_of_one_title_stay_two():
    told = {
        "Page_RoomOut_": {"title": "RoomPage", "items": {"$ref": "#/components/schemas/a__Kind"}},
        "a__Kind": {"title": "Kind", "enum": ["a"]},
        "b__Kind": {"title": "Kind", "enum": ["b"]},
        "Untitled": {"type": "object"},
    }
    named = called_by_title({"components": {"schemas": told}})["components"]["schemas"]
    assert set(named) == {"RoomPage", "a__Kind", "b__Kind", "Untitled"}
    assert (named["a__Kind"]["enum"], named["b__Kind"]["enum"]) == (["a"], ["b"])
    assert named["RoomPage"]["items"]["$ref"] == "#/components/schemas/a__Kind"
