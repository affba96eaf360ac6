"""Every query of every dashboard, asked of the running service and of a real Prometheus."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.models.dashboard import Dashboard

from app.core.clock import SystemClock
from app.gauges.kinds import KINDS
from grafana.__main__ import written
from grafana.sources import INFINITY_TYPE
from tests.metrics.test_prometheus import (
    Watched,
    declared,
    watched,  # noqa: F401
)

FOLDER = Path(__file__).parents[2] / "grafana"
RULES = (Path(__file__).parents[2] / "prometheus" / "rules.yml").read_text()
BOARDS = {path.name: json.loads(path.read_text()) for path in FOLDER.glob("dashboards/*.json")}
ALERTING = yaml.safe_load((FOLDER / "provisioning/alerting/simedsos.yml").read_text())
DATASOURCES = yaml.safe_load((FOLDER / "provisioning/datasources/simedsos.yml").read_text())
RECORDED = set(re.findall(r"- record: (\S+)", RULES))
# What processes count, whose series appear when something has first happened.
COUNTED = re.compile(r"\| (`simedsos_.*?) \|")


def dicts(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for each in node.values():
            yield from dicts(each)
    elif isinstance(node, list):
        for each in node:
            yield from dicts(each)


def of_infinity() -> list[dict[str, Any]]:
    """Every question to the API, of panels, variables and alert rules."""
    return [each for each in dicts([*BOARDS.values(), ALERTING]) if each.get("parser") == "backend"]


def of_prometheus() -> list[str]:
    told = [each["expr"] for each in dicts(list(BOARDS.values())) if "expr" in each]
    asked = [
        each["query"]["query"]
        for each in dicts(list(BOARDS.values()))
        if isinstance(each.get("query"), dict) and each["query"].get("query")
    ]
    return told + [re.sub(r"label_values\((.*), \w+\)", r"\1", each) for each in asked]


def filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    assert "$" not in text, text
    return text


def test_what_is_committed_is_what_the_code_writes():
    assert {name: json.dumps(each) for name, each in BOARDS.items()} == {
        name: json.dumps(json.loads(text)) for name, text in written().items()
    }
    for name, text in written().items():
        assert (FOLDER / "dashboards" / name).read_text() == text


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_grafana_reads_each_dashboard_as_it_stands(name):
    board = BOARDS[name]
    read = Dashboard.from_json(board)
    assert (read.uid, read.title) == (board["uid"], board["title"])
    assert len(board["panels"]) > 1
    assert board["timezone"] == "Asia/Jakarta"
    places = set()
    for panel in board["panels"]:
        assert panel["title"], panel
        assert panel["description"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["noValue"], panel["title"]
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        places.add((panel["gridPos"]["x"], panel["gridPos"]["y"]))
        # A gap is never drawn over.
        assert panel["fieldConfig"]["defaults"].get("custom", {}).get("spanNulls") in (None, False)
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"]
    assert len(places) == len(board["panels"])
    variables = [each["name"] for each in board["templating"]["list"]]
    used = set(re.findall(r"\$\{?(\w+)\}?", json.dumps(board))) - {"__from", "__to"}
    assert used == set(variables) - {"akun"} | ({"akun"} & used)


async def test_the_api_answers_every_question_with_rows_that_have_every_column(watched):  # noqa: F811
    now = SystemClock().now()
    values = {
        "${kampanye}": str(watched.campaign["id"]),
        "${akun}": watched.ids["official"][0],
        "${kewajiban}": "follow",
        "${__from:date:iso}": (now - timedelta(days=7)).isoformat(),
        "${__to:date:iso}": now.isoformat(),
    }
    asked = of_infinity()
    assert len(asked) > 10
    for query in asked:
        params = {each["key"]: filled(each["value"], values)
                  for each in query["url_options"]["params"]}  # fmt: skip
        told = await watched.told(query["url"], **params)
        rows = told[query["root_selector"]] if query["root_selector"] else told
        assert rows, (query["url"], params)
        names = {each["selector"] for each in query["columns"]}
        for row in rows:
            assert names <= set(row), (query["url"], names - set(row))
        texts = [each["text"] for each in query["columns"]]
        assert len(set(texts)) == len(texts)
        kept = query.get("filterExpression", "")
        if kept:
            filled(kept, values)
            assert kept.split(" ")[0] in texts, kept


async def test_columns_have_the_type_of_what_the_api_tells(watched):  # noqa: F811
    document = await watched.told("/openapi.json")
    schemas = document["components"]["schemas"]
    for query in of_infinity():
        if not query["url"].startswith("/v1/grafana/"):
            continue
        answer = document["paths"][query["url"]]["get"]["responses"]["200"]
        reference = answer["content"]["application/json"]["schema"]["items"]["$ref"]
        fields = schemas[reference.rsplit("/", 1)[1]]["properties"]
        for column in query["columns"]:
            told = fields[column["selector"]]
            kinds = {each.get("type") for each in (told, *told.get("anyOf", ()))}
            formats = {each.get("format") for each in (told, *told.get("anyOf", ()))}
            known = {
                "number": bool(kinds & {"integer", "number"}),
                "timestamp": "date-time" in formats,
                "boolean": "boolean" in kinds,
                "string": not kinds & {"integer", "number", "boolean"},
            }
            assert known[column["type"]], (query["url"], column)


async def test_prometheus_takes_every_expression(watched: Watched):  # noqa: F811
    asked = of_prometheus()
    assert len(asked) > 20
    for query in asked:
        answer = await watched.prometheus.get(
            "/api/v1/query", params={"query": filled(query, {"$tenant": "sumsel"})}
        )
        assert answer.json()["status"] == "success", (query, answer.text)
    for gauge in ("simedsos_registered_employees", "simedsos_polls_due"):
        assert await watched.answered(gauge)


async def test_no_panel_asks_for_a_series_that_nobody_tells(watched: Watched):  # noqa: F811
    asked = " ".join(of_prometheus())
    recorded = set(re.findall(r"\b\w+:simedsos_\w+:\w+", asked))
    assert recorded <= RECORDED, recorded - RECORDED
    named = set(re.findall(r"(?<![:\w])simedsos_\w+", asked))
    told = (await watched.scraped()).text + (await watched.api.get(watched.worker)).text
    families = set(re.findall(r"^# TYPE (\S+)", told, re.MULTILINE))
    unknown = named - families - declared() - counted()
    assert not unknown, unknown


def counted() -> set[str]:
    """What docs/metrics.md says that processes count; a test holds it to the source."""
    told = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
    return set(re.findall(r"`(simedsos_\w+)`", told))


def test_every_gauge_is_in_a_panel_or_in_an_alert():
    shown = " ".join(of_prometheus()) + RULES
    missing = [each.name for each in KINDS if not re.search(rf"\b{each.name}\b", shown)]
    assert not missing


def test_a_data_source_asks_nobody_else_and_holds_no_key():
    [infinity] = [each for each in DATASOURCES["datasources"] if each["type"] == INFINITY_TYPE]
    assert infinity["jsonData"]["allowedHosts"] == [infinity["url"]]
    assert infinity["secureJsonData"] == {"bearerToken": "${SIMEDSOS_API_KEY}"}
    for query in of_infinity():
        assert query["url"].startswith("/v1/")


def test_the_alert_rule_has_one_number_and_no_time():
    [rule] = ALERTING["groups"][0]["rules"]
    columns = rule["data"][0]["model"]["columns"]
    assert [each["selector"] for each in columns if each["type"] != "string"] == ["firing"]
    uids = {each["datasourceUid"] for each in rule["data"]}
    assert uids - {"__expr__"} <= {each["uid"] for each in DATASOURCES["datasources"]}
