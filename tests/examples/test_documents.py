"""What the documents promise is what the code keeps."""

import re

import pytest

from app.core.deprecation import NOTICE
from app.settings import Settings
from tests.examples.conftest import EXAMPLES
from workers.evaluate import KEEP_ANSWERS

DOCS = EXAMPLES.parent
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("name", ["api.md", "clients.md", "changes.md"])
def test_what_a_document_points_to_is_there(name):
    links = LINK.findall((DOCS / name).read_text())
    assert [link for link in links if not (DOCS / link).exists()] == []


def test_every_example_is_told_of():
    told = (DOCS / "api.md").read_text() + (DOCS / "clients.md").read_text()
    names = {path.name for path in EXAMPLES.iterdir() if path.is_file()}
    assert len(names) >= 5
    assert {name for name in names if f"(examples/{name})" not in told} == set()


def test_numbers_are_those_of_the_code():
    told = (DOCS / "api.md").read_text()
    assert f"at least {NOTICE.days} days" in told
    assert KEEP_ANSWERS.days == 2
    assert "Keys are kept for two days" in told
    assert f"q={Settings().rate_limit_client};w=60" in told


async def test_pages_are_as_long_as_it_says(http):
    parameters = (await http.get("/openapi.json")).json()["paths"]["/v1/employees"]["get"]
    [limit] = [each for each in parameters["parameters"] if each["name"] == "limit"]
    told = f"`limit` is {limit['schema']['default']} if you say nothing, at most"
    assert f"{told} {limit['schema']['maximum']}" in (DOCS / "api.md").read_text()
