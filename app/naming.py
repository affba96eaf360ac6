"""How OpenAPI names and describes what rooms have in common: operations, tags, parameters."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from fastapi.routing import APIRoute

TAGS: Final[Mapping[str, str]] = {
    "campaigns": "What is asked of whom, until when, and how official accounts have grown.",
    "work units": "The tree of units that employees belong to.",
    "employees": "The registry of employees; NIPs are strings, and masked without a scope.",
    "accounts": "Accounts that employees have declared, and whether they are still there.",
    "connections": "Consents by which the platforms answer for an account.",
    "contacts": "Where employees may be written to, and who heads a unit.",
    "imports": "Employees, accounts and units from files, looked at before they are applied.",
    "official accounts": "The government's own accounts, whose followers are counted.",
    "observations": "Readings, follower lists and evidence: what has been seen, and when.",
    "compliance": "Who has done what was asked: met, unmet or unknown, with the reason.",
    "neutrality": "Election windows, in which accounts of persons are left alone.",
    "due process": "Excuses, notices, disputes and findings.",
    "reports": "Frozen, numbered reports as JSON, workbook and pages.",
    "reminders": "Plans of reminders, whom they would reach, and what was sent.",
    "operations": "How the service and its platforms are.",
    "audit": "Who did what, and who looked at whom.",
    "integration": "What other systems follow and feed.",
    "grafana": "Flat rows for Grafana's Infinity data source.",
    "keys": "API keys: made, exchanged and revoked.",
    "signing in": "Browsers, by the government's own OpenID provider.",
    "me": "An employee's own side.",
    "privacy": "Requests about one's data, erasure, breaches, the record of processing.",
    "scim": "SCIM 2.0 (RFC 7643 and 7644): how identity providers keep employees and work units.",
    "public": "What anybody may ask, without a key.",
}
# Parameters that mean the same wherever they stand; a room's own words go first.
PARAMETERS: Final[Mapping[str, str]] = {
    "breach_id": "The breach",
    "campaign_id": "The campaign",
    "dispute_id": "The dispute",
    "employee_id": "The employee",
    "excuse_id": "The excuse",
    "import_id": "The import",
    "key_id": "The API key; its id is not the key",
    "list_id": "The follower list",
    "notice_id": "The notice",
    "report_id": "The report",
    "request_id": "The request about one's data",
    "unit_id": "The work unit",
    "user_id": "The employee",
    "group_id": "The work unit",
    "resource_type": "The name of a resource type, such as User",
    "schema_urn": "The URN of a schema",
    "startIndex": "The place of the first resource, counted from 1",
    "count": "How many resources at most",
    "webhook_id": "The endpoint",
    "window_id": "The election window",
    "campaign": "Only of this campaign",
    "employee": "Only of this employee",
    "official_account": "Only of this official account",
    "platform": "Only on this platform",
    "category": "Only employees of this category",
    "standing": "Only employees of this standing",
    "declaration": "Only employees whose declaration has come this far",
    "verdict": "Only statuses with this verdict",
    "reason": "Only statuses for this reason",
    "duty": "Only this duty",
    "form": "As a workbook, or as CSV",
    "flag": "Only statuses that bear this flag",
    "kind": "Only of this kind",
    "state": "Only in this state",
}
OFFICIAL = "/v1/official-accounts/"
SCHEMAS = "#/components/schemas/"


def operation_id(route: APIRoute) -> str:
    """A route's own name: short, unique, and the name of a function in generated clients."""
    return route.name


def told_tags() -> list[dict[str, str]]:
    """Every tag with its description, in the order of the contents."""
    return [{"name": name, "description": text} for name, text in TAGS.items()]


def tell_parameter(parameter: dict[str, Any], path: str) -> None:
    """Describe a parameter that its room has not described."""
    if parameter.get("description"):
        return
    name = parameter["name"]
    if name == "account_id":
        text = "The official account" if path.startswith(OFFICIAL) else "The declared account"
    else:
        text = PARAMETERS.get(name, "")
    if text:
        parameter["description"] = text


def called_by_title(document: dict[str, Any]) -> dict[str, Any]:
    """The same document with each schema under its title: EmployeePage, not Page_EmployeeOut_.

    Schemas that share a title keep their modules' names, so that neither is taken for the other.
    """
    schemas = document["components"]["schemas"]
    titles = {name: schema.get("title", name) for name, schema in schemas.items()}
    bearers = Counter(titles.values())
    titles = {name: title if bearers[title] == 1 else name for name, title in titles.items()}
    document["components"]["schemas"] = {titles[name]: schemas[name] for name in schemas}
    to_title = {SCHEMAS + name: SCHEMAS + title for name, title in titles.items()}
    renamed: dict[str, Any] = _referring(document, to_title)
    return renamed


def _referring(node: Any, to_title: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {
            # SCIM has a field of this name, whose schema is no text.
            key: to_title[value]
            if key == "$ref" and isinstance(value, str)
            else _referring(value, to_title)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_referring(each, to_title) for each in node]
    return node
