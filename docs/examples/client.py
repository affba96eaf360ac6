"""The registry through a generated, typed client: `client.py <nips.txt`, a NIP in each line.

Needs SIMEDSOS_URL and SIMEDSOS_KEY, and `simedsos_client` as docs/clients.md makes it.
"""

import os
import sys

from simedsos_client import AuthenticatedClient
from simedsos_client.api.employees import list_employees, look_up_employees
from simedsos_client.api.integration import list_changes
from simedsos_client.models import EmployeeLookup, EmployeePage, Feed, Problem

client = AuthenticatedClient(
    base_url=os.environ["SIMEDSOS_URL"],
    token=os.environ["SIMEDSOS_KEY"],
    raise_on_unexpected_status=True,
)

nips = sys.stdin.read().split()

with client:
    cursor: str | None = None
    while True:
        page = list_employees.sync(client=client, cursor=cursor, limit=2)
        assert isinstance(page, EmployeePage)
        for employee in page.items:
            print("employee", employee.id, employee.category.value)
        cursor = page.next_
        if cursor is None:
            break

    found = look_up_employees.sync(client=client, body=EmployeeLookup(nips=nips))
    # A refusal is a value, too: its type says what is wrong, and `errors` where.
    if found is None or isinstance(found, Problem):
        raise SystemExit(found)
    print("found", len(found.items), "of", len(nips))

    feed = list_changes.sync(client=client, limit=200)
    assert isinstance(feed, Feed)
    for change in feed.items:
        print("change", change.kind.value, change.at.isoformat())

    refused = list_changes.sync(client=client, after="not-a-cursor")
    assert isinstance(refused, Problem)
    print("refused", refused.status, refused.errors[0].pointer)
