"""OpenAPI tells who may call, and how each operation may refuse."""

from tests.api.test_isolation import PUBLIC, concrete


async def test_the_contract_asks_for_a_token_exactly_where_the_service_does(http):
    document = (await http.get("/openapi.json")).json()
    told, asked = set(), set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if operation.get("security"):
                assert operation["security"][0]["bearer"], (method, path)
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
    assert operation["security"] == [{"bearer": ["employees:read", "employees:read_nip"]}]


async def test_every_refusal_is_a_problem(http):
    document = (await http.get("/openapi.json")).json()
    refusals = 0
    # Browsers come back there from a consent, and are shown a page.
    document["paths"].pop("/v1/connections/callback")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                if status >= "4":
                    refusals += 1
                    assert "application/problem+json" in answer.get("content", {}), (method, path)
    assert refusals > 500
    assert "HTTPValidationError" not in document["components"]["schemas"]
