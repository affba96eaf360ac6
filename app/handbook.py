"""The page at /docs: every operation with its scopes, from OpenAPI and without a script."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}"
    "code{font-size:.95em}dt{margin-top:.8rem}dd{margin:0 0 0 1.5rem}h2{margin-top:2rem}"
    "small{color:#555}"
)


def handbook(document: Mapping[str, Any]) -> str:
    """The operations of an OpenAPI document, by their tags."""
    told: dict[str, list[str]] = defaultdict(list)
    for tag, entry in _entries(document):
        told[tag].append(entry)
    about = {tag["name"]: tag["description"] for tag in document["tags"]}
    rooms = "".join(
        f"<h2>{escape(tag)}</h2><p>{escape(about.get(tag, ''))}</p><dl>{''.join(entries)}</dl>"
        for tag, entries in told.items()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>SIMEDSOS API</title><style>{STYLE}</style></head><body><main>"
        "<h1>SIMEDSOS API</h1>"
        "<p>Bodies, answers and errors are described in"
        ' <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1), which API clients open as it is.'
        " Requests bear <code>Authorization: Bearer sm_live_…</code> or an access token.</p>"
        f"{rooms}</main></body></html>"
    )


def _entries(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = operation.get("tags", ["operations"])[0]
            text = operation.get("description") or operation.get("summary", "")
            security = operation["security"]
            needs = ", ".join(security[0]["bearer"]) or "a caller" if security else "public"
            name = f"<dt><code>{escape(method.upper())} {escape(path)}</code></dt>"
            yield tag, f"{name}<dd>{escape(text)} <small>({escape(needs)})</small></dd>"
