"""What stands in the way of a start: one line that says what it is and how to mend it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from app.core.reaching import DatabaseUnreachable, reach
from app.local.folder import CannotListen, DataFolder, FolderUnusable, require_free_port

NOBODY = "postgresql://u:geheim@127.0.0.1:9/none"


def simedsos(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", *arguments],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"password": "salah"}, "user or password", id="password"),
        pytest.param({"username": "nobody_here"}, "user or password", id="user"),
        pytest.param({"database": "nosuch"}, "no database of this name", id="database"),
        pytest.param({"port": 9}, "nobody answers", id="down"),
    ],
)
async def test_why_a_server_cannot_be_used(server_url, change, says):
    url = make_url(server_url).set(**change).render_as_string(hide_password=False)
    with pytest.raises(DatabaseUnreachable, match=says) as refused:
        await reach(url)
    assert "\n" not in str(refused.value)
    assert (make_url(url).password or "-") not in str(refused.value)


async def test_an_address_that_is_none():
    with pytest.raises(DatabaseUnreachable, match="postgresql://USER"):
        await reach("geheim")


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("migrate",), id="migrate"),
        pytest.param(("doctor",), id="doctor"),
        pytest.param(("keys", "create", "x"), id="keys"),
    ],
)
def test_a_database_that_is_down_is_one_line(command):
    ended = simedsos(*command, SIMEDSOS_DATABASE_URL=NOBODY)
    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert "SIMEDSOS_DATABASE_URL" in line
    assert "geheim" not in line


def test_a_setting_that_cannot_be_used_is_named():
    ended = simedsos("doctor", SIMEDSOS_PORT="99999", SIMEDSOS_DATABASE_URL=NOBODY)
    assert ended.returncode == 2
    [line] = ended.stderr.splitlines()
    assert line.startswith("SIMEDSOS_PORT cannot be used")


def test_a_host_that_is_not_ours_is_not_called_taken():
    with pytest.raises(CannotListen, match="SIMEDSOS_HOST"):
        require_free_port("192.0.2.1", 8000)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(FolderUnusable, match="SIMEDSOS_DATA_DIR"),
        DataFolder(tmp_path / "file" / "data"),
    ):
        pass
