"""`simedsos poll`: reading one official account's count now, as a worker does."""

import json
from typing import Annotated, Any
from uuid import UUID

import typer

from app.budgets.rules import with_granted
from app.budgets.service import PostgresGate
from app.cli import operator
from app.cli.operator import OperatorError
from app.cli.terminal import AsJson, Tenant, fail, out, run
from app.connections.rules import SubjectKind
from app.core.services import Services
from app.observations.service import PollResult
from app.official_accounts import queries as official_accounts
from app.platforms.access import Access, access_from
from app.platforms.base import Platform, PlatformError
from app.platforms.catalog import build_adapters
from app.settings import Settings, get_settings
from workers.collect import collect_account
from workers.connections import tokens_of


class NotPolled(OperatorError):
    """Its count is not read from the platform: it is inactive, or the platform cannot be asked."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class HeldByWorker(OperatorError):
    """A worker is reading this count at this moment; look for it with GET /v1/polls."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def poll(
    official_account: Annotated[UUID, typer.Argument(help="Id of the official account.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Read an official account's follower count now, and keep it as a worker would."""
    result = run(read_now(get_settings(), official_account, tenant))
    if as_json:
        print(json.dumps(facts_of(official_account, result)))  # noqa: T201
    elif result.reading is not None:
        least, most = result.reading.followers_min, result.reading.followers_max
        shown = f"{least}" if least == most else f"{least} to {most}"
        out.print(
            f"{shown} followers ({result.reading.precision.value}), read by"
            f" {result.reading.source}.",
            highlight=False,
        )
    if result.reading is None:
        wait = f" Not before {result.retry_at.isoformat()}." if result.retry_at else ""
        reason = f" ({result.reason})" if result.reason else ""
        fail(f"No count: {in_words(result.outcome)}{reason}{wait}")


async def read_now(settings: Settings, official_account: UUID, tenant: str | None) -> PollResult:
    """Poll one account through the worker's own code.

    Raises:
        NotFound: there is no such official account.
        NotPolled, HeldByWorker: it cannot be read now.
    """
    async with operator.connected(settings) as database:
        services = Services(database, settings)
        caller = operator.operator_of(await operator.chosen_tenant(database, tenant))
        async with database.transaction(caller.tenant_id) as session:
            account = await official_accounts.get(session, caller, official_account)
            polled = await official_accounts.is_polled(session, account)
        gate = PostgresGate(database, services.clock, with_granted(settings.budgets))

        def access_to(platform: Platform) -> Access:
            return access_from(settings, platform, services.clock, gate)

        token_of = tokens_of(services, access_to, SubjectKind.OFFICIAL_ACCOUNT)
        catalog = build_adapters([access_to(account.platform)])
        try:
            adapter = catalog.adapters.get(account.platform)
            if adapter is None or not polled:
                raise NotPolled
            result = await collect_account(services, adapter, account, token_of)
        finally:
            await catalog.aclose()
    if result is None:
        raise HeldByWorker
    return result


def facts_of(official_account: UUID, result: PollResult) -> dict[str, Any]:
    """The result for programs; without a count its numbers are null, never zero."""
    reading = result.reading
    return {
        "official_account_id": str(official_account),
        "outcome": result.outcome,
        "reason": result.reason,
        "retry_at": result.retry_at.isoformat() if result.retry_at else None,
        "observed_at": result.finished_at.isoformat(),
        "followers_min": reading.followers_min if reading else None,
        "followers_max": reading.followers_max if reading else None,
        "precision": reading.precision.value if reading else None,
        "source": reading.source if reading else None,
    }


def in_words(outcome: str, kind: type[PlatformError] = PlatformError) -> str:
    """What an outcome of the poll log means: the message of its error."""
    if kind.outcome == outcome:
        return (kind.__doc__ or "").splitlines()[0]
    found = (in_words(outcome, each) for each in kind.__subclasses__())
    return next((words for words in found if words), "")
