"""What values the chart takes: `python -m tests.chart.schema` writes helm/values.schema.json."""

import json
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parents[2] / "helm"
# What a type cannot say; every other value is of the type that its default has.
FREE = {"settings", "keys", "labels", "annotations", "podAnnotations", "nodeSelector", "backup",
        "parameters", "resources", "requests", "limits", "storeRef"}  # fmt: skip
SAID: dict[str, dict[str, Any]] = {
    "replicas": {"type": "integer", "minimum": 1},
    "min": {"type": "integer", "minimum": 1},
    "max": {"type": "integer", "minimum": 1},
    "pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
    "digest": {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
    "cpuPercent": {"type": "integer", "minimum": 1, "maximum": 100},
    "preStopSeconds": {"type": "integer", "minimum": 0, "maximum": 60},
    "terminationGracePeriodSeconds": {"type": "integer", "minimum": 30},
    "settings": {
        "type": "object",
        "propertyNames": {"pattern": "^[A-Z][A-Z0-9_]*$"},
        # A secret in plain values ends up in the release's history.
        "not": {"anyOf": [{"required": [name]} for name in (
            "DATABASE_URL", "OWNER_DATABASE_URL", "REGISTRY_KEYS", "LOOKUP_KEY", "TOKEN_KEYS",
            "METRICS_TOKEN", "OIDC_CLIENT_SECRET", "SMTP_PASSWORD")]},
        "additionalProperties": {"type": "string"},
    },
}  # fmt: skip
TYPES = {bool: "boolean", int: "integer", str: "string", list: "array"}


def schema_of(values: dict[str, Any]) -> dict[str, Any]:
    """A schema by which a misspelt value is refused, and not silently passed over."""
    told: dict[str, Any] = {}
    for name, value in values.items():
        if name in SAID:
            told[name] = SAID[name]
        elif name in FREE:
            told[name] = {"type": "object"}
        elif isinstance(value, dict):
            told[name] = schema_of(value)
        else:
            told[name] = {"type": TYPES[type(value)]}
    return {"type": "object", "properties": told, "additionalProperties": False}


def written() -> str:
    """The schema's text."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    found = {"$schema": "http://json-schema.org/draft-07/schema#", **schema_of(values)}
    # Helm puts these beside the values of each chart.
    found["properties"]["global"] = {"type": "object"}
    return json.dumps(found, indent=2) + "\n"


if __name__ == "__main__":
    (CHART / "values.schema.json").write_text(written())
