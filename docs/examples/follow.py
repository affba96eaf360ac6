"""Follow what changes and keep a copy of each employee: `follow.py cursor.txt`, with httpx.

Needs SIMEDSOS_URL and SIMEDSOS_KEY (`changes:read`, `employees:read`). It ends when it has caught
up; run it again, or pass a longer `wait`, to go on.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

import httpx

ATTEMPTS = 5
GONE, AHEAD = 404, 409
AGAIN = {429, 502, 503, 504}


def get(client: httpx.Client, path: str, **asked: str | int) -> httpx.Response:
    """A GET that comes back when it is told to; reading twice does no harm."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            answer = client.get(path, params=asked)
        except httpx.TransportError:
            if attempt == ATTEMPTS:
                raise
            time.sleep(2**attempt)
            continue
        if answer.status_code not in AGAIN or attempt == ATTEMPTS:
            break
        time.sleep(float(answer.headers.get("Retry-After", 2**attempt)))
    return answer


def checked(answer: httpx.Response) -> Any:
    """The body; a refusal is problem+json, which says what is wrong and how to mend it."""
    if answer.is_success:
        return answer.json()
    if not answer.headers.get("Content-Type", "").startswith("application/problem+json"):
        raise SystemExit(f"{answer.status_code}: not an answer of this service")
    told = answer.json()
    faults = "; ".join(f"{each['pointer']}: {each['message']}" for each in told["errors"])
    raise SystemExit(f"{told['status']} {told['title']}: {told['detail']} {faults}".strip())


def follow(client: httpx.Client, kept: Path) -> None:
    """Deal with each change, then keep the cursor: after a crash some are told once more."""
    while True:
        asked = {"after": kept.read_text()} if kept.exists() else {}
        answer = get(client, "/v1/changes", limit=100, **asked)
        if answer.status_code == AHEAD:
            # The service was restored from a backup: begin anew.
            kept.unlink()
            continue
        page = checked(answer)
        for item in page["items"]:
            if item["kind"].startswith("employee:"):
                employee = get(client, f"/v1/employees/{item['subject_id']}")
                if employee.status_code != GONE:
                    told = checked(employee)
                    # NIPs are strings, here and everywhere; as numbers they lose their last digits.
                    assert isinstance(told["nip"], str)
                    print(item["kind"], told["id"], told["standing"], told["version"])
        kept.write_text(page["next"])
        if not page["more"]:
            return


if __name__ == "__main__":
    key = {"Authorization": f"Bearer {os.environ['SIMEDSOS_KEY']}"}
    with httpx.Client(base_url=os.environ["SIMEDSOS_URL"], headers=key, timeout=60) as connected:
        follow(connected, Path(sys.argv[1]))
