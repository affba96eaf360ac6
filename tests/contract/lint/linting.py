"""Redocly over an OpenAPI document; nothing is sent anywhere."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from app.core.db import Database, make_engine
from app.core.services import Services
from app.settings import Settings

FOLDER = Path(__file__).parent
REDOCLY = FOLDER / "node_modules" / ".bin" / "redocly"
SILENT = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def unconnected(settings: Settings) -> Services:
    """Services whose database is never asked: the contract is known without it."""
    return Services(Database(make_engine(NOWHERE)), settings)


def lint(document: dict[str, Any]) -> dict[str, list[str]]:
    """The rules of redocly.yaml that a document breaks, and where; none if it is sound.

    Raises:
        CalledProcessError: Redocly did not come to an answer.
    """
    with tempfile.TemporaryDirectory(prefix="openapi-") as place:
        file = Path(place) / "openapi.json"
        file.write_text(json.dumps(document))
        done = subprocess.run(
            [str(REDOCLY), "lint", str(file), "--config", str(FOLDER / "redocly.yaml"),
             "--format", "json", "--max-problems", "1000"],
            env=os.environ | SILENT,
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
    told = json.loads(done.stdout) if done.stdout.startswith("{") else {"problems": []}
    broken: dict[str, list[str]] = {}
    for problem in told["problems"]:
        where = ", ".join(place["pointer"] for place in problem["location"])
        broken.setdefault(problem["ruleId"], []).append(f"{where}: {problem['message']}")
    if bool(done.returncode) is not bool(broken):
        done.check_returncode()
        raise subprocess.CalledProcessError(done.returncode, done.args, done.stdout, done.stderr)
    return broken
