"""The chart, linted, rendered for each set of values, and held to Kubernetes' schemas and to ours.

Runs in an environment of its own (requirements-chart.txt): `python tests/chart/check.py`.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Both are heavy, and only in the environment of this check.
import helm_python as helm  # type: ignore[import-not-found]
import kubernetes_validate  # type: ignore[import-not-found]
import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.chart.schema import CHART, written

ROOT = CHART.parent
KUBERNETES = ("1.31", "1.34")
# Kinds of operators, which Kubernetes' own schemas do not know.
FOREIGN = {"ServiceMonitor", "PrometheusRule", "ExternalSecret", "Cluster"}
WORKLOADS = {"Deployment", "Job"}
SETS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(CHART.glob("ci/*.yaml"))}
EXPECTED = {
    "small": {"Deployment": 3, "Service": 3, "PodDisruptionBudget": 3, "NetworkPolicy": 4,
              "Job": 1},
    "province": {"HorizontalPodAutoscaler": 2, "ServiceMonitor": 3, "PrometheusRule": 1,
                 "ConfigMap": 5, "Ingress": 1, "ExternalSecret": 1, "NetworkPolicy": 4},
    "cloudnativepg": {"Cluster": 1, "NetworkPolicy": 4, "Job": 1},
    "plain": {"Deployment": 3, "NetworkPolicy": 0, "Job": 0, "Cluster": 0},
}  # fmt: skip
REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "existingSecret"),
    ({"existingSecret": "s"}, "networkPolicy.database"),
    ({"existingSecret": "s", "replicaCount": 3}, "replicaCount"),
    ({**SETS["small"], "settings": {"DATABASE_URL": "postgresql://x"}}, "settings"),
    ({**SETS["small"], "image": {"digest": "latest"}}, "digest"),
    ({**SETS["small"], "ingress": {"enabled": True}}, "ingress.host"),
    ({**SETS["small"], "terminationGracePeriodSeconds": 5}, "terminationGracePeriodSeconds"),
)


class Faulty(SystemExit):
    """The chart is not as it should be."""


def require(holds: object, *told: object) -> None:
    if not holds:
        raise Faulty(" ".join(map(str, told)))


def rendered(chart: Any, values: dict[str, Any]) -> list[dict[str, Any]]:
    """Every object that the chart makes of some values."""
    told = chart.render(values=values, name="sumsel", namespace="simedsos")
    files = (text for name, text in told.items() if not name.endswith("NOTES.txt"))
    return [each for text in files for each in yaml.safe_load_all(text) if each]


def pods(objects: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in objects:
        if each["kind"] in WORKLOADS:
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]


def check_pod(kind_and_name: str, pod: dict[str, Any], *, runs_on: bool) -> None:
    """What no pod of ours may lack, whatever somebody sets."""
    security = pod["securityContext"]
    require(security["runAsNonRoot"] and security["runAsUser"], kind_and_name, "runs as root")
    require(security["seccompProfile"] == {"type": "RuntimeDefault"}, kind_and_name, "no seccomp")
    require(pod["automountServiceAccountToken"] is False, kind_and_name, "mounts a token")
    for container in pod["containers"]:
        own = container["securityContext"]
        require(own["privileged"] is False, kind_and_name, "is privileged")
        require(own["allowPrivilegeEscalation"] is False, kind_and_name, "may become more")
        require(own["readOnlyRootFilesystem"] is True, kind_and_name, "may write its root")
        require(own["capabilities"] == {"drop": ["ALL"]}, kind_and_name, "keeps capabilities")
        require("memory" in container["resources"]["limits"], kind_and_name, "has no limit")
        require(container["resources"]["requests"].keys() >= {"cpu", "memory"}, kind_and_name)
        require(not container["image"].endswith(":latest"), kind_and_name, "follows latest")
        if runs_on:
            probes = {"startupProbe", "livenessProbe", "readinessProbe"}
            require(container.keys() >= probes, kind_and_name, "lacks a probe")
            require("database" not in json.dumps(container["livenessProbe"]), kind_and_name)
        written = {each["mountPath"] for each in container["volumeMounts"]}
        require("/tmp" in written, kind_and_name, "cannot write anything")  # noqa: S108


def check_secrets(objects: list[dict[str, Any]]) -> None:
    """No secret stands in what the chart writes."""
    require(not [each for each in objects if each["kind"] == "Secret"], "a Secret is rendered")
    for name, pod in pods(objects):
        for container in pod["containers"]:
            for variable in container["env"]:
                plain = variable.get("value", "")
                require("://" not in plain, name, variable["name"], "holds an address in plain")


def check_selectors(objects: list[dict[str, Any]]) -> None:
    """Every service, budget and policy selects pods that there are."""
    labels = [
        each["spec"]["template"]["metadata"]["labels"]
        for each in objects
        if each["kind"] in WORKLOADS
    ]
    for each in objects:
        spec = each.get("spec", {})
        wanted = {
            "Service": spec.get("selector"),
            "PodDisruptionBudget": spec.get("selector", {}).get("matchLabels"),
            "NetworkPolicy": (spec.get("podSelector") or {}).get("matchLabels"),
        }.get(each["kind"])
        if wanted and "migrate" not in wanted.values():
            found = [own for own in labels if wanted.items() <= own.items()]
            require(len(found) == 1, each["kind"], each["metadata"]["name"], "selects", len(found))


def check_objects(name: str, objects: list[dict[str, Any]]) -> None:
    counts = dict.fromkeys(EXPECTED[name], 0)
    named = set()
    for each in objects:
        kind = each["kind"]
        counts[kind] = counts.get(kind, 0) + 1
        identity = (kind, each["metadata"]["name"])
        require(identity not in named, identity, "twice")
        require(len(each["metadata"]["name"]) <= 63, identity, "is too long a name")
        named.add(identity)
        if kind not in FOREIGN:
            for version in KUBERNETES:
                kubernetes_validate.validate(each, version, strict=True)
    for kind, number in EXPECTED[name].items():
        require(counts[kind] == number, name, kind, counts[kind], "instead of", number)


def check_sources() -> None:
    """What the chart carries is what lies in the repository, and its schema what its values say."""
    require((CHART / "values.schema.json").read_text() == written(), "values.schema.json is old")
    pairs = [("prometheus/rules.yml", "files/rules.yml")]
    dashboards = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
    pairs += [
        (f"grafana/dashboards/{each.name}", f"files/dashboards/{each.name}") for each in dashboards
    ]
    for source, copy in pairs:
        require((ROOT / source).read_text() == (CHART / copy).read_text(), copy, "is not", source)


def check_refusals(chart: Any) -> None:
    """A chart that takes everything checks nothing."""
    for values, told in REFUSED:
        try:
            chart.validate_schema(values)
            rendered(chart, values)
        except helm.HelmError as error:
            require(told in str(error), "refused for another reason:", error)
        else:
            raise Faulty(f"taken, though it should not be: {values}")


def main() -> None:
    check_sources()
    with helm.Chart.load(str(CHART)) as chart:
        for name, values in SETS.items():
            findings = helm.lint(str(CHART), values, strict=True)
            told = [each for each in findings.get("messages", []) if "icon" not in str(each)]
            require(not told, name, told)
            chart.validate_schema(values)
            objects = rendered(chart, values)
            check_objects(name, objects)
            for workload, pod in pods(objects):
                check_pod(workload, pod, runs_on=not workload.endswith("migrate"))
            check_secrets(objects)
            check_selectors(objects)
            print(f"{name}: {len(objects)} objects, valid for Kubernetes {', '.join(KUBERNETES)}")
        check_refusals(chart)
        print(f"{len(REFUSED)} sets of values refused, each with its reason")


if __name__ == "__main__":
    main()
