"""Each example of docs/examples, run as it stands."""

import json
import re
import shutil
import sys

import pytest

from tests.examples.conftest import EXAMPLES, Running
from tests.support import nip


def need(*programs: str) -> None:
    for each in programs:
        if shutil.which(each) is None:
            pytest.skip(f"needs {each}")


async def test_curl_reads_edits_and_is_refused(running: Running):
    need("curl", "jq")
    done = await running.run([str(EXAMPLES / "read.sh"), running.unit_id])
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len([line for line in lines if re.fullmatch(r"employee \S{36} active", line)]) == 3
    assert lines[3:] == [
        "unit Dinas Pendidikan dan Kebudayaan",
        "refused 412 precondition-failed",
        "account official",
    ]


async def test_python_follows_and_goes_on_where_it_stood(running: Running, tmp_path):
    cursor = tmp_path / "cursor.txt"
    command = [sys.executable, str(EXAMPLES / "follow.py"), str(cursor)]
    first = await running.run(command)
    assert first.returncode == 0, first.stderr
    lines = first.stdout.splitlines()
    assert len([line for line in lines if line.startswith("employee:created")]) == 3
    again = await running.run(command)
    assert (again.returncode, again.stdout) == (0, "")
    cursor.write_text("not-a-cursor")
    refused = await running.run(command)
    assert refused.returncode == 1
    assert refused.stderr.startswith("422 Invalid: The cursor is not one")


async def test_php_sends_employees_and_follows(running: Running, tmp_path):
    need("php")
    people = [
        {"nip": nip(number), "name": f"Pegawai {number}", "category": "pppk"}
        for number in (3, 4, 5)
    ]
    people[0]["name"] = "Pegawai Tiga"
    people.append({**people[1], "nip": "199001012024211"})
    source, cursor = tmp_path / "pegawai.json", tmp_path / "kursor.txt"
    source.write_text(json.dumps([{**each, "unit_id": running.unit_id} for each in people]))
    command = ["php", str(EXAMPLES / "simpeg.php"), str(source), str(cursor)]
    first = await running.run(command)
    assert first.returncode == 0, first.stderr
    lines = first.stdout.splitlines()
    # The first answer was lost on its way: the key brought the same answer, and nothing twice.
    assert running.proxy.lost == 1
    assert lines[:2] == [
        "batch 1: created 2, updated 1, unchanged 0, rejected 1",
        "rejected row 4 /nip: length",
    ]
    kinds = [line.split()[1] for line in lines[2:]]
    assert kinds.count("employee:created") == 5
    assert kinds.count("employee:updated") == 1
    again = await running.run(command)
    assert again.stdout.splitlines() == [
        "batch 1: created 0, updated 0, unchanged 3, rejected 1",
        "rejected row 4 /nip: length",
    ]
    assert not any(each["nip"] in first.stdout + again.stdout for each in people)
    cursor.write_text("not-a-cursor")
    refused = await running.run(command)
    assert refused.returncode == 1
    assert "422 cursor-invalid" in refused.stderr
