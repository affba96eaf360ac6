"""A real Prometheus scrapes the running service, and PromQL answers what the API answers."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.compliance import service as compliance
from app.core.clock import SystemClock
from app.core.db import Database, make_engine
from app.local.postgres import free_port
from app.settings import Settings
from migrations import migrate
from tests.conftest import REGISTRY, fresh_database
from tests.contract.world import World, lay_out_campaign, lay_out_registry, new_key
from tests.metrics.scraping import Scraped

FOLDER = Path(__file__).parents[2] / "prometheus"
SECONDS = 60
TOKEN = "rahasia-pengukur"
HANDLES = ("satu.satu", "dua.dua", "tiga.tiga", "lain.0", "pemprovsumsel")
# Series of Prometheus itself, and of what it has made by rules.
NOT_OURS = {"up", "ALERTS"}


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip("needs Debian's package prometheus")
    return found


def promtool(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tool("promtool"), *arguments], input=stdin, capture_output=True, text=True, check=False
    )


@contextmanager
def running(command: Sequence[str], log: Path, **settings: str) -> Iterator[None]:
    with log.open("w") as written:
        process = subprocess.Popen(
            list(command), env={**os.environ, **settings}, stdout=written, stderr=written
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


async def until(question: Any, log: Path) -> Any:
    """What a question answers as soon as it answers anything."""
    for _ in range(SECONDS * 5):
        try:
            if found := await question():
                return found
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.2)
    written = await asyncio.to_thread(log.read_text)
    pytest.fail(f"waited {SECONDS} seconds in vain; {written[-2000:]}")


@dataclass
class Watched:
    """A running service with a government in it, and the Prometheus that watches it."""

    api: httpx.AsyncClient
    prometheus: httpx.AsyncClient
    metrics: str
    worker: str
    log: Path
    campaign: dict[str, Any]
    ids: dict[str, list[str]] = field(default_factory=dict)

    async def ask(self, query: str) -> dict[str, float]:
        """What PromQL answers: values by the labels that matter here."""
        answer = await self.prometheus.get("/api/v1/query", params={"query": query})
        assert answer.status_code == 200, answer.text
        return {
            "/".join(value for name, value in sorted(each["metric"].items())): float(
                each["value"][1]
            )
            for each in answer.json()["data"]["result"]
        }

    async def answered(self, query: str) -> dict[str, float]:
        """The same, as soon as there is an answer."""
        found: dict[str, float] = await until(lambda: self.ask(query), self.log)
        return found

    async def told(self, path: str, **params: Any) -> Any:
        answer = await self.api.get(path, params=params)
        assert answer.is_success, answer.text
        return answer.json()

    async def scraped(self) -> Scraped:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return Scraped((await self.api.get(self.metrics, headers=headers)).text)


def configuration(folder: Path, api: int, worker: int) -> Path:
    """The example that is shipped, with these ports, the token, and less patience."""
    text = (FOLDER / "prometheus.yml").read_text()
    for shipped, wanted in (
        ("scrape_interval: 15s", "scrape_interval: 1s"),
        ("scrape_timeout: 10s", "scrape_timeout: 1s"),
        ("evaluation_interval: 30s", "evaluation_interval: 1s"),
        ("127.0.0.1:8000", f"127.0.0.1:{api}"),
        ("127.0.0.1:9101", f"127.0.0.1:{worker}"),
        ("# authorization:", "authorization:"),
        ("#   credentials_file: /etc/prometheus/simedsos-metrics-token", "  credentials: " + TOKEN),
    ):
        assert text.count(shipped) == 1, shipped
        text = text.replace(shipped, wanted)
    # No scheduler runs here.
    written = text[: text.index('      - targets: ["127.0.0.1:9102"]')]
    (folder / "rules.yml").write_text((FOLDER / "rules.yml").read_text())
    (folder / "prometheus.yml").write_text(written)
    return folder / "prometheus.yml"


async def lay_out(url: str, database_url: str) -> tuple[World, dict[str, Any]]:
    """A government with people, an official account that was read, a list and a judged campaign."""
    clock = SystemClock()
    database = Database(make_engine(database_url), clock, REGISTRY)
    tenant_id, token = await new_key(database, clock.now())
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        world = World(client, token)
        people = await lay_out_registry(world, clock.now())
        # Of fewer than five people no figure is told.
        for number, person in enumerate(people[3:]):
            account = {"account": f"https://www.instagram.com/lain.{number}"}
            await world.made("account", f"/v1/employees/{person}/accounts", account)
        [official] = world.ids["official"]
        reading = {"attested_by": "Humas", "raw": "7200", "followers": 7200}
        at = clock.now() - timedelta(minutes=3)
        path = f"/v1/official-accounts/{official}/snapshots"
        answer = await client.post(path, json={**reading, "observed_at": at.isoformat()})
        assert answer.status_code == 201, answer.text
        campaign = await lay_out_campaign(world, clock.now())
        async with database.transaction(tenant_id) as session:
            await compliance.evaluate(session, tenant_id, campaign["id"], now=clock.now())
    await database.aclose()
    return world, campaign


@pytest.fixture(scope="module")
async def watched(server_url, template, tmp_path_factory):
    tool("prometheus")
    folder = tmp_path_factory.mktemp("watched")
    url = await fresh_database(server_url, "watched", template)
    await migrate(url)
    api, worker, port = free_port(), free_port(), free_port()
    settings = {
        "SIMEDSOS_DATABASE_URL": url,
        "SIMEDSOS_METRICS_TOKEN": TOKEN,
        "SIMEDSOS_WORKER_METRICS_PORT": str(worker),
        "SIMEDSOS_PORT": str(api),
    }
    command = [sys.executable, "-c", "from app.cli import main; main()"]
    address = f"http://127.0.0.1:{api}"
    with ExitStack() as stack:
        stack.enter_context(running([*command, "api"], folder / "api.log", **settings))
        async with httpx.AsyncClient(base_url=address) as client:
            await until(lambda: _ready(client, "/readyz"), folder / "api.log")
        world, campaign = await lay_out(address, url)
        stack.enter_context(running([*command, "worker"], folder / "worker.log", **settings))
        scraper = [
            tool("prometheus"),
            f"--config.file={configuration(folder, api, worker)}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        stack.enter_context(running(scraper, folder / "prometheus.log"))
        headers = {"Authorization": f"Bearer {world.token}"}
        async with (
            httpx.AsyncClient(base_url=address, headers=headers) as client,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as prometheus,
        ):
            log = folder / "prometheus.log"
            await until(lambda: _ready(prometheus, "/-/ready"), log)
            yield Watched(
                client,
                prometheus,
                f"{address}/metrics",
                f"http://127.0.0.1:{worker}/metrics",
                log,
                campaign,
                world.ids,
            )


async def _ready(client: httpx.AsyncClient, path: str) -> bool:
    return (await client.get(path)).is_success


async def test_promql_answers_what_the_api_answers(watched):
    [official] = watched.ids["official"]
    growth = await watched.told(
        f"/v1/official-accounts/{official}/growth", **{"from": "2026-01-01T00:00:00Z"}
    )
    name = "official_account:simedsos_official_account_followers:max"
    found = await watched.answered(f"sum by (tenant, official_account) ({name})")
    assert found == {f"{official}/sumsel": growth["current"]["min"]} == {f"{official}/sumsel": 7200}
    age = await watched.ask("official_account:simedsos_official_account_count_age:seconds")
    [seconds] = age.values()
    assert abs(seconds - growth["current"]["age_seconds"]) < SECONDS
    progress = await watched.told(f"/v1/campaigns/{watched.campaign['id']}/progress")
    [counts] = [each["counts"] for each in progress["duties"] if each["duty"] == "follow"]
    verdicts = await watched.answered("sum by (verdict) (campaign:simedsos_campaign_verdicts:max)")
    assert verdicts == {each: counts[each] for each in ("met", "unmet", "unknown", "excused")}
    assert sum(verdicts.values()) > 0
    known = counts["met"] + counts["unmet"]
    share = known / (known + counts["unknown"])
    [coverage] = (await watched.answered("campaign:simedsos_campaign_known:ratio")).values()
    assert coverage == share
    employees = await watched.told("/v1/employees")
    people = await watched.answered("sum(simedsos_registered_employees)")
    assert list(people.values()) == [len(employees["items"])]
    declared = await watched.answered("sum by (platform) (simedsos_declared_accounts) > 0")
    assert declared == {"instagram": 6}


async def test_api_and_worker_are_both_scraped(watched):
    found = await watched.answered('count(up{job=~"simedsos.*"} == 1) == 2')
    assert list(found.values()) == [2]
    asked = await watched.answered("sum by (outcome) (simedsos_figure_readings_total)")
    assert asked["ok"] >= 1
    # Whoever has not the token is told nothing.
    assert (await watched.api.get("/metrics")).status_code == 401


async def test_the_rules_are_sound_and_nothing_false_fires(watched):
    groups = (await watched.prometheus.get("/api/v1/rules")).json()["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) > 30
    await until(lambda: _all_evaluated(watched), watched.log)
    rules = await watched.prometheus.get("/api/v1/rules")
    faults = [
        rule["lastError"]
        for group in rules.json()["data"]["groups"]
        for rule in group["rules"]
        if rule.get("lastError")
    ]
    assert faults == []
    assert await watched.ask("absent(simedsos_polls_due)") == {}
    assert await watched.ask('ALERTS{alertstate="firing"}') == {}


async def _all_evaluated(watched: Watched) -> bool:
    groups = (await watched.prometheus.get("/api/v1/rules")).json()["data"]["groups"]
    return all(rule["health"] == "ok" for group in groups for rule in group["rules"])


async def test_no_rule_names_a_series_that_nobody_tells(watched):
    rules = (FOLDER / "rules.yml").read_text()
    expressions = re.sub(r"\w+:simedsos_\w+:\w+", "", rules)
    named = set(re.findall(r"\bsimedsos_\w+", expressions))
    families = (await watched.prometheus.get("/api/v1/metadata")).json()["data"]
    api = (await watched.scraped()).text
    worker = (await watched.api.get(watched.worker)).text
    told = set(re.findall(r"^# TYPE (\S+)", api + "\n" + worker, re.MULTILINE))
    suffixed = {f"{name}{suffix}" for name in told for suffix in ("_count", "_bucket", "_sum")}
    # What nothing has happened for has no series yet; its kind is declared in the source.
    untold = named - told - suffixed
    assert untold <= declared(), untold - declared()
    # Most are told by a service that has only just begun.
    assert len(untold) < 5, untold
    assert len(named) > 15
    assert "simedsos_polls_due" in families


def declared() -> set[str]:
    from app.gauges.kinds import KINDS  # noqa: PLC0415 - Only this test needs it.

    return {kind.name for kind in KINDS}


async def test_promtool_finds_no_fault_in_what_is_told(watched):
    for exposition in (
        (await watched.scraped()).text,
        (await watched.api.get(watched.worker)).text,
    ):
        checked = promtool("check", "metrics", stdin=exposition)
        assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    broken = promtool("check", "metrics", stdin="# TYPE broken_total gauge\nbroken_total 1\n")
    assert broken.returncode != 0


async def test_nobody_is_named_in_what_is_told(watched):
    told = (await watched.scraped()).text + (await watched.api.get(watched.worker)).text
    people = (await watched.told("/v1/employees"))["items"]
    secrets = [str(each[key]) for each in people for key in ("id", "name", "nip")]
    assert len(secrets) > 10
    assert [each for each in (*secrets, *HANDLES) if each in told] == []


def test_promtool_finds_no_fault_in_configuration_and_rules():
    for arguments in (
        ("check", "config", str(FOLDER / "prometheus.yml")),
        ("check", "rules", str(FOLDER / "rules.yml")),
        ("test", "rules", str(FOLDER / "rules_test.yml")),
    ):
        checked = promtool(*arguments)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_alert_is_tested_and_tells_what_to_do_in_two_languages():
    rules = (FOLDER / "rules.yml").read_text()
    alerts = rules.split("- alert: ")[1:]
    cases = (FOLDER / "rules_test.yml").read_text()
    assert len(alerts) > 15
    for alert in alerts:
        name = alert.split("\n", 1)[0]
        assert f'alertname="{name}"' in cases, name
        assert re.search(r"severity: (info|warning|critical)", alert), name
        for told in ("summary", "summary_en", "runbook", "runbook_en"):
            assert f" {told}: >-" in alert, (name, told)
    assert Settings.model_fields["metrics_token"].default is None
