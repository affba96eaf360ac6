"""Pasted texts from the terminal: each answer stands beside the text that it is about."""

import json

from typer.testing import CliRunner

from app.cli.commands import app as cli

TEXTS = [
    "https://www.instagram.com/_u/Budi.ASN?igsh=x",
    "vm.tiktok.com/ZMabc",
    "@budi@mastodon.social",
]


def test_every_text_is_answered_beside_itself():
    answered = CliRunner().invoke(cli, ["normalize", *TEXTS])
    lines = answered.output.splitlines()
    assert answered.exit_code == 1, "one of them was refused"
    assert [line.split("  →  ")[0] for line in lines] == TEXTS
    assert lines[0].endswith("https://www.instagram.com/budi.asn/")
    assert "(short_link)" in lines[1]


def test_programs_read_json():
    answered = CliRunner().invoke(cli, ["normalize", "--json", *TEXTS])
    found = json.loads(answered.output)
    assert [each["text"] for each in found] == TEXTS
    assert (found[0]["platform"], found[0]["handle"]) == ("instagram", "budi.asn")
    assert found[1]["code"] == "short_link"
    assert found[2]["platform"] == "mastodon"
