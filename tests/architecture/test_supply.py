"""What the project is made of: pinned, hashed, in an SBOM, under licences that we may use."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.txt", "requirements-dev.txt")
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", re.MULTILINE)
# Words of licence expressions and classifiers; copyleft that reaches over to us is not among them.
ALLOWED = re.compile(
    r"\b(0BSD|AND|Apache|Approved|BSD|Clause|FSF|ISC|License|MIT|MPL|Mozilla|OR|OSI|PSF|Public|Python|"
    r"Software|and|[0-9.]+)\b|[-:()/. ]"
)
# Said in the package's own file and not in its metadata.
TOLD_ELSEWHERE = {"pypdfium2": "BSD-3-Clause, Apache-2.0", "simedsos": "our own"}


def name_of(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def locked(lock: str) -> set[tuple[str, str]]:
    """Names and versions; of one name there may be a version for each Python."""
    found = PINNED.findall((ROOT / lock).read_text())
    return {(name_of(name), version) for name, version in found}


@pytest.fixture(scope="module")
def sbom(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The bill of materials that `make sbom` writes."""
    out = tmp_path_factory.mktemp("sbom") / "sbom.cdx.json"
    tool = Path(sys.executable).with_name("cyclonedx-py")
    project = ["--pyproject", str(ROOT / "pyproject.toml")]
    command: list[str | Path] = [tool, "environment", sys.executable, *project]
    subprocess.run(
        [*command, "--output-reproducible", "--validate", "--of", "JSON", "-o", out],
        check=True,
        capture_output=True,
    )
    found: dict[str, Any] = json.loads(out.read_text())
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_is_pinned_and_hashed_and_names_no_index(lock):
    entries = (ROOT / lock).read_text().replace("\\\n", " ").splitlines()
    assert len(entries) > 50
    for entry in entries:
        assert PINNED.match(entry), entry[:60]
        assert "--hash=sha256:" in entry, entry[:60]
        assert "://" not in entry, entry[:60]


def test_the_sbom_lists_what_is_installed_and_it_is_what_was_locked(sbom):
    wanted = locked("requirements-dev.txt")
    found = {name_of(each["name"]): each["version"] for each in sbom["components"]}
    assert found.keys() >= {"fastapi", "sqlalchemy", "asyncpg", "cryptography", "joserfc"}
    assert set(found.items()) <= wanted
    assert locked("requirements.txt") <= wanted


def test_every_licence_is_one_that_we_may_use(sbom):
    for component in sbom["components"]:
        told = [
            each.get("expression") or each["license"].get("id") or each["license"]["name"]
            for each in component.get("licenses", ())
        ]
        assert told or name_of(component["name"]) in TOLD_ELSEWHERE, component["name"]
        # The text of a licence may stand in the place of its name.
        left = [ALLOWED.sub("", each) for each in told if len(each) < 100]
        assert not any(left), (component["name"], told)
