"""The lint can fail: each rule that we rely on finds the fault that it is there for."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from app.main import create_app
from app.settings import Settings
from tests.contract.lint.linting import REDOCLY, lint, unconnected

Part = dict[str, Any]


def called_by_its_address(operation: Part, _: Part) -> None:
    operation["operationId"] = "list_excuses_v1_excuses_get"


def named_twice(operation: Part, _: Part) -> None:
    operation["operationId"] = "list_employees"


def undescribed(operation: Part, _: Part) -> None:
    del operation["description"]
    operation["parameters"][0].pop("description")


def of_an_unsaid_tag(operation: Part, _: Part) -> None:
    operation["tags"] = ["people"]


def never_refused(operation: Part, _: Part) -> None:
    operation["responses"] = {"200": operation["responses"]["200"]}


def unguarded(operation: Part, _: Part) -> None:
    del operation["security"]


def of_two_modules(operation: Part, schemas: Part) -> None:
    schemas["app__disputes__rules__Channel"] = {"type": "string"}
    schema = {"$ref": "#/components/schemas/app__disputes__rules__Channel"}
    operation["parameters"][0]["schema"] = schema


def in_no_schema_words(operation: Part, _: Part) -> None:
    operation["parameters"][0]["schema"] = {"type": "string", "ge": "2000-01-01"}


# Each fault in an operation of its own, and the rules that find it.
FAULTS: dict[Callable[[Part, Part], None], tuple[str, set[str]]] = {
    called_by_its_address: ("/v1/excuses", {"rule/operations-are-named-as-functions"}),
    named_twice: ("/v1/notices", {"operation-operationId-unique"}),
    undescribed: ("/v1/disputes", {"operation-description", "parameter-description"}),
    of_an_unsaid_tag: ("/v1/imports", {"operation-tag-defined"}),
    never_refused: ("/v1/audit", {"operation-4xx-response"}),
    unguarded: ("/v1/polls", {"security-defined"}),
    of_two_modules: ("/v1/reports", {"rule/schemas-are-named-as-classes"}),
    in_no_schema_words: ("/v1/accounts", {"struct"}),
}


def test_a_sound_document_passes_and_every_fault_is_found():
    if not REDOCLY.exists():
        pytest.skip("needs Node and `npm ci --prefix tests/contract/lint`")
    sound = create_app(unconnected(Settings())).openapi()
    assert lint(sound) == {}
    spoilt = copy.deepcopy(sound)
    for spoil, (path, _) in FAULTS.items():
        spoil(spoilt["paths"][path]["get"], spoilt["components"]["schemas"])
    found = lint(spoilt)
    for spoil, (path, rules) in FAULTS.items():
        assert rules <= found.keys(), (spoil.__name__, path, found)
