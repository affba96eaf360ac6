"""`simedsos follower-list` says what a file is and can prove, and takes in what is an export."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from app.cli.commands import app
from app.cli.follower_lists import taken_in_words
from app.core.ids import new_id
from app.core.services import Services
from app.observations.rules import CertificateVerdict
from app.observations.schemas import CertificateOut, ControlCountsOut, FollowerListOut
from app.official_accounts.models import OfficialAccount, OwnerKind
from app.platforms.base import Platform
from tests.api.exports import (
    FOLLOWERS,
    THREADS,
    archive,
    entries,
    export,
    following,
    personal,
    threads_export,
    tiktok_export,
    x_export,
)
from tests.api.exports import OWNER as OWNER_FILE
from tests.conftest import make_government

OLD = datetime(2019, 5, 1, tzinfo=UTC)
NEW = datetime(2026, 11, 1, tzinfo=UTC)
LONG = [("satu", OLD), ("dua", OLD + timedelta(days=900)), ("tiga", NEW)]
ONE_YEAR = [(f"warga{n}", NEW - timedelta(days=36 * n)) for n in range(11)]


def simedsos(*arguments: str, **env: str) -> Result:
    return CliRunner().invoke(app, ["follower-list", *arguments], env=env)


def inspected(folder: Path, content: bytes, *options: str, name: str = "export.zip") -> dict:
    path = folder / name
    path.write_bytes(content)
    answer = simedsos("inspect", str(path), "--json", *options)
    assert answer.exit_code == 0, answer.stderr
    facts: dict[str, Any] = json.loads(answer.stdout)
    return facts


def test_everything_that_a_file_tells_is_said(tmp_path):
    listed = [*entries([*LONG, ("__deleted__x", OLD)]), {"title": "", "string_list_data": []}]
    files = {FOLLOWERS: listed, THREADS: {}, OWNER_FILE: personal("Humas.Sumsel")}
    facts = inspected(tmp_path, archive(files))
    assert facts.pop("reasons") == ["1 entries could not be read; they may be anyone"]
    assert facts == {
        "platform": "instagram",
        "list": "followers",
        "entries": 3,
        "repeated": 0,
        "deleted": 1,
        "unusable": 1,
        "oldest": OLD.isoformat(),
        "newest": NEW.isoformat(),
        "files": 1,
        "owner_handle": "humas.sumsel",
        "owner_id": None,
        "keyed_by": "handle",
        "complete": True,
        "proves_absence": False,
        "also_holds": ["threads followers"],
    }


@pytest.mark.parametrize(
    ("content", "name", "platform", "entries", "keyed_by"),
    [
        pytest.param(tiktok_export(LONG), "t.zip", "tiktok", 3, "handle", id="tiktok"),
        pytest.param(x_export(["1", "2"]), "x.zip", "x", 2, "platform_id", id="x"),
        pytest.param(export(LONG), "i.zip", "instagram", 3, "handle", id="instagram"),
    ],
)
def test_a_sound_list_of_followers_can_prove_absence(
    tmp_path, content, name, platform, entries, keyed_by
):
    facts = inspected(tmp_path, content, name=name)
    assert (facts["platform"], facts["list"], facts["entries"]) == (platform, "followers", entries)
    assert facts["keyed_by"] == keyed_by
    assert facts["proves_absence"] is True
    assert "must agree" in facts["reasons"][0]
    assert facts["owner_handle"] == "pemprovsumsel"


DOUBTS = [
    pytest.param(export(ONE_YEAR), (), "All time", id="one-year"),
    pytest.param(export([]), (), "proves nothing", id="empty"),
    pytest.param(
        b'{"Your Activity":{"Follower":{"FansList":null}}}', (), "proves nothing", id="null"
    ),
    pytest.param(json.dumps(entries(LONG)).encode()[:-1], (), "is missing", id="cut"),
    pytest.param(following(["humas"]), (), "whom its owner follows", id="following"),
    pytest.param(export(LONG), ("--count", "4"), "fewer than the published", id="fewer"),
    pytest.param(export(LONG), ("--count", "0"), "too far from", id="another-list"),
    pytest.param(export(ONE_YEAR), ("--count", "1139"), "a range of dates", id="date-range"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "options", "words"), DOUBTS)
def test_a_list_that_cannot_prove_absence_says_why(tmp_path, content, options, words):
    facts = inspected(tmp_path, content, *options)
    assert facts["proves_absence"] is False
    assert any(words in reason for reason in facts["reasons"])


def test_a_count_that_agrees_settles_the_suspicion_of_a_young_account(tmp_path):
    facts = inspected(tmp_path, export(ONE_YEAR), "--count", "11")
    assert facts["proves_absence"] is True


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        pytest.param(threads_export(LONG), ("--platform", "threads"), "threads followers", id="th"),
        pytest.param(threads_export(LONG), (), "instagram followers", id="first"),
        pytest.param(following(["humas"]), ("--following",), "instagram following", id="ig"),
        pytest.param(
            b'{"Your Activity":{"Follower":{"FansList":[]},"Following":{"Following":null}}}',
            ("--following",), "tiktok following", id="tiktok-asked",
        ),
        pytest.param(
            b'{"Your Activity":{"Following":{"Following":[{"UserName":"a"}]}}}', (),
            "tiktok following", id="tiktok-has-nothing-else",
        ),
    ],
)  # fmt: skip
def test_one_of_several_lists_is_chosen(tmp_path, content, options, told):
    facts = inspected(tmp_path, content, *options)
    assert f"{facts['platform']} {facts['list']}" == told


def test_people_read_it_in_words(tmp_path):
    path = tmp_path / "export.zip"
    path.write_bytes(x_export(["1", "2"]))
    answer = simedsos("inspect", str(path), COLUMNS="200")
    assert answer.exit_code == 0
    for words in ("followers (who follows it)", "pemprovsumsel", "tells no dates", "yes, but"):
        assert words in answer.stdout
    path.write_bytes(export(ONE_YEAR))
    assert "All time" in simedsos("inspect", str(path), COLUMNS="200").stdout


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"<html>", "html_export", id="html"),
        pytest.param(b'{"page_likes_v2":[]}', "names_only", id="facebook"),
        pytest.param(b"PK\x03\x04", "damaged", id="damaged"),
        pytest.param(b'[{"string_list_data":[{"value":5}]}]', "not_followers", id="late"),
    ],
)  # fmt: skip
def test_what_is_no_list_ends_with_one(tmp_path, content, code):
    path = tmp_path / "file"
    path.write_bytes(content)
    answer = simedsos("inspect", str(path))
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert f"({code})" in answer.stderr


@pytest.mark.parametrize("command", ["inspect", "upload"])
def test_a_file_that_is_not_there_ends_with_two(tmp_path, command):
    options = ["--official-account", str(new_id())] if command == "upload" else []
    answer = simedsos(command, str(tmp_path / "none.zip"), *options)
    assert answer.exit_code == 2


def taken(*reasons: str, controls: tuple[int, int, int, int, int]) -> FollowerListOut:
    """A list as it was taken in, with its control accounts."""
    names = ("present_expected", "present_found", "absent_expected", "absent_violations")
    return FollowerListOut(
        id=new_id(),
        official_account_id=new_id(),
        platform=Platform.X,
        source="owner_export",
        taken_at=NEW,
        listed=41,
        matched=2,
        deleted=0,
        oldest_entry=None,
        newest_entry=None,
        reached_end=True,
        pages=None,
        count_before=None,
        count_after=None,
        controls=ControlCountsOut.model_validate(
            dict(zip((*names, "uncounted"), controls, strict=True))
        ),
        certificate=CertificateOut(
            verdict=CertificateVerdict.VOID if reasons else CertificateVerdict.COMPLETE,
            reasons=list(reasons),
        ),
        recorded_at=NEW,
    )


def test_control_accounts_are_told_with_the_certificate():
    failed = list(taken_in_words(taken("control_failed", controls=(2, 1, 1, 1, 3))))
    assert failed == [
        "41 listed, 2 of them declared accounts. Certificate: void (control_failed).",
        "  control_failed: a control account is not on it as it should be.",
        "Control accounts: 1 of 2 known followers are on it, 1 of 1 known non-followers.",
        "  3 could not be looked for on this list, and do not count.",
    ]
    assert list(taken_in_words(taken(controls=(2, 2, 1, 0, 0)))) == [
        "41 listed, 2 of them declared accounts. Certificate: complete (nothing is missing).",
        "Control accounts: 2 of 2 known followers are on it, 0 of 1 known non-followers.",
    ]


async def official_account(services: Services, platform: Platform) -> UUID:
    tenant_id = (await make_government(services, "sumsel")).tenant_id
    async with services.database.transaction(tenant_id) as session:
        account = OfficialAccount(
            tenant_id=tenant_id,
            id=new_id(),
            platform=platform,
            handle="pemprovsumsel",
            name="Pemprov Sumsel",
            owner_kind=OwnerKind.OFFICE,
            poll_interval_seconds=3600,
        )
        session.add(account)
    return account.id


async def test_an_export_is_taken_in_from_the_terminal(separate_services, tmp_path):
    account_id = await official_account(separate_services, Platform.X)
    env = {"SIMEDSOS_DATABASE_URL": separate_services.settings.required_database_url()}

    async def upload(content: bytes, *more: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "export.zip"
        path.write_bytes(content)
        named = ("follower-list", "upload", str(path), "--official-account", str(account_id), *more)
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", "from app.cli import main; main()", *named],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            check=False,
        )

    taken = await upload(x_export(["1", "2"]))
    assert taken.returncode == 0, taken.stderr
    assert "2 listed, 0 of them declared accounts. Certificate: partial" in taken.stdout
    assert "no_count: there is no published count to compare it with." in taken.stdout
    assert "No control accounts are set" in taken.stdout
    older = await upload(x_export(["1"]), "--taken-at", "2026-11-20 08:00", "--json")
    assert json.loads(older.stdout)["taken_at"] == "2026-11-20T01:00:00Z", "given as WIB"
    coming = await upload(x_export(["3"]), "--taken-at", "2999-01-01")
    assert (coming.returncode, "in the future" in coming.stderr) == (1, True)
    refused = await upload(export(LONG))
    assert refused.returncode == 1
    assert "another platform" in refused.stderr
