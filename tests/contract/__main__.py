"""Try the whole OpenAPI with generated requests: `python -m tests.contract --examples 100`.

A service of its own is started on a database of its own, with one of everything in it, and stopped
again. Schemathesis checks that no answer is a fault of the service, that each status, header and
schema is documented, that what the contract forbids is refused, and that a token is asked for.
"""

import argparse
import asyncio
import base64
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from app.local.postgres import free_port, start
from migrations import migrate
from tests.contract.world import lay_out

READY_SECONDS = 30
KEY = base64.b64encode(bytes(32)).decode()
# How often a generated request names something that exists.
PROBABILITY = 0.8
# Where ids stand besides the path parameter of the same name, which may mean either account.
PLACES = {
    "campaign": ("query.campaign", "body.campaign_id"),
    "employee": ("query.employee", "body.employee_id"),
    "unit": ("query.unit", "body.unit_id"),
    "official": ("query.official_account", "body.official_account_id"),
}
FOLDER = Path(__file__).parent


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, str]]:
    """The address of a service of its own, and the address of its database."""
    server = start(folder / "postgres", durable=False)
    try:
        asyncio.run(migrate(server.owner_url))
        port = free_port()
        environment = os.environ | {
            # Generated requests come faster than any client's.
            "SIMEDSOS_RATE_LIMIT_CLIENT": "0",
            "SIMEDSOS_RATE_LIMIT_TENANT": "0",
            "SIMEDSOS_RATE_LIMIT_EXPORTS": "0",
            "SIMEDSOS_RATE_LIMIT_GUESSES": "0",
            "SIMEDSOS_RATE_LIMIT_VISITS": "0",
            "SIMEDSOS_REGISTRY_KEYS": f"contract:{KEY}",
            "SIMEDSOS_LOOKUP_KEY": KEY,
            "SIMEDSOS_DATABASE_URL": server.owner_url,
            "SIMEDSOS_DATA_DIR": str(folder),
            "SIMEDSOS_LOG_LEVEL": "ERROR",
            "SIMEDSOS_TOKEN_KEYS": f"contract:{KEY}",
        }
        command = [
            sys.executable, "-m", "uvicorn", "app.main:from_environment", "--factory",
            "--port", str(port), "--no-access-log", "--log-level", "warning",
        ]  # fmt: skip
        with (folder / "service.log").open("w") as log:
            service = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(url)
            yield url, server.owner_url
        finally:
            service.terminate()
            service.wait(30)
    finally:
        server.stop()


def wait_for(url: str) -> None:
    """Wait until the service is ready."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/readyz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("The service did not become ready.")


def known(ids: Mapping[str, Sequence[str]]) -> str:
    """The ids of the world, as schemathesis takes them."""
    lines = []
    for kind, values in ids.items():
        lines += [f"[dictionaries.{kind}]", f"values = {list(values)}"]
    bound = [
        f'"{place}" = {{ dictionary = "{kind}", probability = {PROBABILITY} }}'
        for kind in ids
        for place in (
            *PLACES.get(kind, ()),
            *([] if kind == "official" else [f"path.{kind}_id"]),
        )
    ]
    # The busiest parameter stands for declared accounts and for official ones.
    official = f'"path.account_id" = {{ dictionary = "official", probability = {PROBABILITY} }}'
    return (
        "\n".join(
            [
                *lines,
                "[parameters]",
                *bound,
                "[[operations]]",
                'include-path-regex = "^/v1/official-accounts/"',
                f"parameters = {{ {official} }}",
            ]
        )
        + "\n"
    )


def main() -> int:
    """Run schemathesis over the service; its exit status is the answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100, help="for each operation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="a regular expression over paths")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="contract-") as place:
        folder = Path(place)
        with running(folder) as (url, database_url):
            world = asyncio.run(lay_out(url, database_url))
            configuration = folder / "schemathesis.toml"
            configuration.write_text((FOLDER / "schemathesis.toml").read_text() + known(world.ids))
            command = [
                str(Path(sys.executable).with_name("schemathesis")),
                "--config-file", str(configuration),
                "run", f"{url}/openapi.json",
                "--header", f"Authorization: Bearer {world.token}",
                "--max-examples", str(chosen.examples),
                "--seed", str(chosen.seed),
                "--continue-on-failure", "--no-color", "--workers", "2",
            ]  # fmt: skip
            if chosen.only:
                command += ["--include-path-regex", chosen.only]
            status = subprocess.run(command, check=False, cwd=folder).returncode
        log = (folder / "service.log").read_text()
    if log:
        sys.stderr.write(log[-20_000:])
    return status


if __name__ == "__main__":
    raise SystemExit(main())
