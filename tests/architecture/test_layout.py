"""Rules about the code itself: sizes, names, who commits, who reads the clock."""

import ast
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("app", "workers", "migrations", "grafana", "tests", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
    if "versions" not in path.parts
)
FEATURES = (
    "accounts", "audit", "budgets", "campaigns", "changes", "compliance", "connections", "contacts",
    "disputes", "employees", "exchange", "excuses", "gauges", "grafana", "identity", "jobs",
    "neutrality", "observations",
    "official_accounts", "reminders", "reports", "scim",
    "work_units",
)  # fmt: skip
USUAL = {"__init__", "models", "queries", "service", "schemas", "routes", "rules"}
# What a room has beside the usual files, each one reviewed here.
BESIDE = {
    "accounts": {"checks"},
    "audit": {"anchors", "looks", "verifying"},
    "budgets": {"overview"},
    "campaigns": {"archives", "extensions", "growth", "memory", "past", "roster"},
    "changes": {"chain", "kinds"},
    "compliance": {
        "answers", "asking", "counts", "declaring", "freezing", "judging", "missing", "replaying",
        "small_units", "storing", "weighing",
    },
    "connections": {"answers", "connecting", "pasting", "sealing"},
    "contacts": {"sealing"},
    "disputes": {"notices", "wording"},
    "employees": {"batches", "sealing"},
    "exchange": {
        "account_rows", "columns", "employee_rows", "kinds", "mending", "merging", "reading",
        "rejecting", "running", "staging", "templates", "unit_rows", "workbook_reader", "workbooks",
    },
    "gauges": {"exposing", "kinds"},
    "identity": {"access", "idempotency", "limits", "scopes"},
    "jobs": {"kinds", "queue", "schedule"},
    "observations": {
        "controls", "evidence", "findable", "follows", "lists", "memberships", "runs",
        "self_exports",
    },
    "privacy": {"breaches", "processing", "retention"},
    "siasn": {"client", "errors", "reading", "sandbox"},
    "public": {"describing", "indicators"},
    "reports": {
        "charts", "definitions", "document", "gathering", "pages", "people", "printing", "sheets",
        "wording", "workbook",
    },
    "scim": {
        "asking", "discovery", "filters", "group_routes", "groups", "patching", "refusals",
        "sealing", "shapes",
    },
    "reminders": {
        "channels", "gateway", "letters", "mail", "outbox", "outlook", "planning", "situations",
    },
}  # fmt: skip
LONGEST_FILE = 400
LONGEST_FUNCTION = 40


def test_there_is_something_to_look_at():
    assert len(SOURCES) > 100


@pytest.mark.parametrize("feature", FEATURES)
def test_rooms_hold_the_usual_files(feature):
    found = {path.stem for path in (ROOT / "app" / feature).glob("*.py")}
    assert found <= USUAL | BESIDE.get(feature, set())


def test_nothing_is_called_utils():
    names = {path.stem for path in SOURCES}
    assert not names & {"utils", "helpers", "common", "manager", "managers", "misc"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path):
    source = path.read_text()
    assert source.count("\n") <= LONGEST_FILE
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = ast.get_docstring(node) is not None
            begin = (first.end_lineno or 0) + 1 if documented else first.lineno
            if path.parts[-2] == "api" or "tests" in path.parts:
                continue
            assert (node.end_lineno or 0) - begin < LONGEST_FUNCTION, node.name


def test_only_the_database_module_commits():
    committing = [
        path
        for path in SOURCES
        if "tests" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "commit"
    ]
    assert [path.relative_to(ROOT).as_posix() for path in committing] == ["migrations/env.py"]


def test_modules_open_with_a_sentence():
    silent = [
        path
        for path in SOURCES
        if "tests" not in path.parts
        and path.read_text().strip()
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_queries_about_employees_start_at_visible_to():
    for name, model in (("employees", "Employee"), ("accounts", "Account")):
        source = (ROOT / "app" / name / "queries.py").read_text()
        assert source.count(f"select({model})") <= 2
        for other in (ROOT / "app").rglob("*.py"):
            if other.parent.name != name:
                assert f"select({model})" not in other.read_text(), other


def test_no_comment_promises_later_work():
    for path in SOURCES:
        with path.open("rb") as file:
            for token in tokenize.tokenize(file.readline):
                if token.type == tokenize.COMMENT:
                    assert "TODO" not in token.string, path
                    assert "FIXME" not in token.string, path


def test_every_setting_is_in_the_readme():
    from app.settings import Settings  # noqa: PLC0415 - Only this test needs it.

    readme = (ROOT / "README.md").read_text()
    missing = [name for name in Settings.model_fields if f"SIMEDSOS_{name.upper()}" not in readme]
    assert missing == []


def test_every_metric_is_in_the_readme():
    from app.core.metrics import REGISTRY  # noqa: PLC0415

    readme = (ROOT / "README.md").read_text()
    named = {sample.name for metric in REGISTRY.collect() for sample in metric.samples}
    families = {metric.name for metric in REGISTRY.collect()}
    assert len(families) > 10
    assert [name for name in families if f"`{name}" not in readme] == []
    assert all(name.startswith("simedsos_") for name in families | named)


def test_every_kind_of_job_has_a_handler_and_every_cron_line_a_kind():
    from app.jobs.kinds import KINDS  # noqa: PLC0415
    from app.jobs.schedule import SCHEDULE  # noqa: PLC0415
    from workers.jobs import HANDLERS  # noqa: PLC0415

    assert set(HANDLERS) == set(KINDS)
    assert {line.job().kind for line in SCHEDULE} <= set(KINDS)
    assert len({line.name for line in SCHEDULE}) == len(SCHEDULE)
