"""The whole service as `make run` starts it, behind a real OpenID provider, with its demo."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.identity.scopes import Role
from app.local.demo import SLUG
from app.local.postgres import free_port
from tests.sign_in.conftest import PROVIDER
from tests.sign_in.issuing import AUDIENCE

SECONDS = 180
UNIT = "16.03"


@dataclass(frozen=True)
class Serving:
    """A running service: where it is, a key that may do everything, and its folder."""

    url: str
    ready: dict[str, Any]
    folder: Path

    def api(self) -> httpx.Client:
        """The API with the demo's key."""
        headers = {"Authorization": f"Bearer {self.ready['api_key']}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)


@contextmanager
def process(command: list[str], log: Path, **told: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended with what started it; the demo's own children end with it."""
    with log.open("wb") as written:
        started = subprocess.Popen(command, stdout=written, stderr=written, **told)
        try:
            yield started
        finally:
            started.send_signal(signal.SIGTERM)
            started.wait(60)


def until_ready(folder: Path, log: Path, started: subprocess.Popen[bytes]) -> dict[str, Any]:
    """What the service tells when it is up and its demo is loaded."""
    for _ in range(SECONDS * 5):
        if (folder / "ready.json").exists():
            found: dict[str, Any] = json.loads((folder / "ready.json").read_text())
            return found
        if started.poll() is not None:
            break
        time.sleep(0.2)
    pytest.fail(f"it did not come up; {log.read_text()[-2000:]}")


def people_of(nip: str, head_of: str) -> dict[str, dict[str, Any]]:
    """The provider's claims of one person of each role, by login name."""
    people: dict[str, dict[str, Any]] = {role.value: {"simedsos_roles": [role]} for role in Role}
    people[Role.UNIT_HEAD]["simedsos_unit"] = head_of
    people[Role.EMPLOYEE]["nip"] = nip
    return people


@contextmanager
def serving(base: Path) -> Iterator[Serving]:
    """`simedsos up --demo` and the provider that its people sign in at."""
    if not (PROVIDER / "node_modules").exists():
        pytest.skip("needs Node and `npm ci --prefix tests/sign_in/provider`")
    folder, people = base / "data", base / "people.json"
    port, provider_port = free_port(), free_port()
    url, issuer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{provider_port}"
    settings = {
        "SIMEDSOS_PORT": str(port),
        "SIMEDSOS_DATA_DIR": str(folder),
        "SIMEDSOS_OIDC_ISSUER": issuer,
        "SIMEDSOS_OIDC_AUDIENCE": AUDIENCE,
        "SIMEDSOS_OIDC_TENANT": SLUG,
        "SIMEDSOS_OIDC_CLIENT_ID": "web",
        "SIMEDSOS_OIDC_CLIENT_SECRET": "web-secret-of-the-tests",
    }
    command = [sys.executable, "-c", "from app.cli import main; main()", "up", "--demo"]
    environment = {**without_registry_keys(os.environ), **settings}
    with process(command, base / "up.log", env=environment) as started:
        ready = until_ready(folder, base / "up.log", started)
        found = Serving(url, ready, folder)
        people.write_text(json.dumps(people_of(first_nip(found), UNIT)))
        node = ["node", "server.mjs", str(provider_port), AUDIENCE,
                f"{url}/sign-in/callback", str(people)]  # fmt: skip
        provider = process(
            node, base / "node.log", cwd=PROVIDER, env={**os.environ, "NODE_ENV": "test"}
        )
        with provider:
            answers(issuer, base / "node.log")
            yield found


def without_registry_keys(environment: Mapping[str, str]) -> dict[str, str]:
    """The demo makes keys of its own, as on a fresh machine."""
    ours = ("SIMEDSOS_REGISTRY_KEYS", "SIMEDSOS_LOOKUP_KEY")
    return {name: value for name, value in environment.items() if name not in ours}


def answers(issuer: str, log: Path) -> None:
    """Wait for the provider."""
    for _ in range(SECONDS * 5):
        try:
            if httpx.get(f"{issuer}/.well-known/openid-configuration").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail(f"the provider did not come up; {log.read_text()[-2000:]}")


def first_nip(found: Serving) -> str:
    """The NIP of somebody in the demo whom the campaign asks something of."""
    with found.api() as api:
        people = api.get(
            f"/v1/campaigns/{found.ready['campaign_id']}/employees",
            params={"verdict": "unknown", "limit": 1},
        ).json()["items"]
        told: str = people[0]["nip"]
        return told
