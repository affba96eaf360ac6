"""Control accounts: of whom it is known that they follow or do not, so that lists can be tested.

Only declared accounts are named, by id: no citizen is stored to test a list.
"""

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import queries as accounts
from app.accounts.models import Account
from app.accounts.rules import AccountState
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.errors import FieldError, Invalid
from app.core.etags import require_version
from app.identity.rules import Caller
from app.observations.findable import could_hold
from app.observations.models import OfficialAccountControl
from app.observations.rules import (
    Control,
    ControlCounts,
    Expectation,
    ListFacts,
    certify,
    count_controls,
)
from app.observations.schemas import ControlOut, ControlsIn, ControlsOut
from app.official_accounts import queries as official_accounts
from app.official_accounts.models import OfficialAccount


class ControlsRefused(Invalid):
    """Controls are live declared accounts on the official account's platform, each named once."""


async def stored(
    session: AsyncSession, official: OfficialAccount
) -> Sequence[OfficialAccountControl]:
    """The control accounts of an official account, in order of id."""
    found = await session.scalars(
        select(OfficialAccountControl)
        .where(
            OfficialAccountControl.tenant_id == official.tenant_id,
            OfficialAccountControl.official_account_id == official.id,
        )
        .order_by(OfficialAccountControl.account_id)
    )
    return found.all()


async def shown(session: AsyncSession, official: OfficialAccount) -> ControlsOut:
    """The controls as the API answers them."""
    rows = await stored(session, official)
    return ControlsOut(
        present=[each.account_id for each in rows if each.expected is Expectation.PRESENT],
        absent=[each.account_id for each in rows if each.expected is Expectation.ABSENT],
        entries=[ControlOut.model_validate(each) for each in rows],
    )


async def owners(
    session: AsyncSession, official: OfficialAccount, shown: ControlsOut
) -> Sequence[UUID]:
    """The employees whose accounts are controls."""
    named = [each.account_id for each in shown.entries]
    return await accounts.owners(session, official.tenant_id, named)


async def replace(
    session: AsyncSession,
    caller: Caller,
    official_account_id: UUID,
    wanted: ControlsIn,
    *,
    expected: int,
    now: datetime,
) -> OfficialAccount:
    """Set the controls of an official account; those that stay keep who set them, and when.

    Raises:
        NotFound: there is no such official account.
        PreconditionFailed: it has changed meanwhile.
        ControlsRefused: something else than a live declared account of the platform is named.
    """
    official = await official_accounts.get(session, caller, official_account_id)
    require_version(official.version, expected)
    await _require_declared(session, caller, official, wanted)
    now_expected = dict.fromkeys(wanted.present, Expectation.PRESENT)
    now_expected |= dict.fromkeys(wanted.absent, Expectation.ABSENT)
    before = {each.account_id: each for each in await stored(session, official)}
    if now_expected == {key: each.expected for key, each in before.items()}:
        return official
    for account_id, row in before.items():
        if now_expected.get(account_id) is not row.expected:
            await session.delete(row)
    await session.flush()
    session.add_all(
        OfficialAccountControl(
            tenant_id=official.tenant_id,
            official_account_id=official.id,
            account_id=account_id,
            expected=each,
            set_by=caller.actor,
            set_at=now,
        )
        for account_id, each in now_expected.items()
        if account_id not in before or before[account_id].expected is not each
    )
    await _note(session, caller, official, wanted, now)
    return official


async def _note(
    session: AsyncSession,
    caller: Caller,
    official: OfficialAccount,
    wanted: ControlsIn,
    now: datetime,
) -> None:
    # The controls are part of the official account: its version moves with them.
    official.updated_at = now
    record(
        session,
        ChangeKind.OFFICIAL_ACCOUNT_UPDATED,
        official.id,
        tenant_id=official.tenant_id,
        actor=caller.actor,
        at=now,
        fields=["controls"],
        present=[str(each) for each in wanted.present],
        absent=[str(each) for each in wanted.absent],
    )
    await session.flush()
    await session.refresh(official)


async def _require_declared(
    session: AsyncSession, caller: Caller, official: OfficialAccount, wanted: ControlsIn
) -> None:
    named = [*wanted.present, *wanted.absent]
    rows = await session.scalars(accounts.visible_to(caller).where(Account.id.in_(named)))
    declared = {each.id: each for each in rows}
    places = [f"/present/{number}" for number in range(len(wanted.present))]
    places += [f"/absent/{number}" for number in range(len(wanted.absent))]
    seen: set[UUID] = set()
    errors: list[FieldError] = []
    for pointer, account_id in zip(places, named, strict=True):
        errors.extend(_faults(pointer, declared.get(account_id), official))
        if account_id in seen:
            errors.append(FieldError(pointer, "named_twice", "it is named before"))
        seen.add(account_id)
    if errors:
        raise ControlsRefused(errors=errors)


def _faults(
    pointer: str, account: Account | None, official: OfficialAccount
) -> Iterator[FieldError]:
    if account is None:
        yield FieldError(pointer, "not_found", "there is no such declared account")
    elif account.platform is not official.platform:
        yield FieldError(pointer, "wrong_platform", "it is an account on another platform")
    elif account.state in {AccountState.CONTESTED, AccountState.RETIRED}:
        yield FieldError(pointer, "not_live", "lists are not matched with this account")


# The rule of follows and of compliance for whom a list could have shown; and nobody finds an
# account on a list that its platform does not show at all.
FINDABLE = text(f"""
SELECT control.account_id, control.expected,
       account.state NOT IN ('contested', 'retired', 'missing', 'suspended', 'deactivated')
       AND account.unseen_since IS NULL
       AND {could_hold(matched_at=":matched_at", of_ids=":of_ids")}
       AS findable
FROM official_account_controls AS control
JOIN accounts AS account
  ON account.tenant_id = control.tenant_id AND account.id = control.account_id
WHERE control.tenant_id = :tenant_id AND control.official_account_id = :official_account_id
""")  # noqa: S608 - Only the constant of another module is put into the statement.


@dataclass(frozen=True, slots=True)
class Matching:
    """What came of matching a list: who was found on it, and how much of it there was to match."""

    matched: Collection[UUID]
    matched_at: datetime
    of_ids: bool
    reached_end: bool


async def certify_with(
    session: AsyncSession, official: OfficialAccount, facts: ListFacts, matching: Matching
) -> dict[str, Any]:
    """Check a list against the controls as well; answers the columns of its certificate."""
    counted = await _count(session, official, matching)
    facts = dataclasses.replace(
        facts,
        controls_expected_present=counted.present_expected,
        controls_found_present=counted.present_found,
        controls_expected_absent=counted.absent_expected,
        controls_found_absent_violations=counted.absent_violations,
    )
    certificate = certify(facts)
    before, after = facts.count_before, facts.count_after
    return {
        "taken_at": facts.taken_at,
        "matched_at": matching.matched_at,
        "listed": facts.listed,
        "oldest_entry": facts.oldest_entry,
        "reached_end": facts.reached_end,
        "count_before_min": before.min if before else None,
        "count_before_max": before.max if before else None,
        "count_after_min": after.min if after else None,
        "count_after_max": after.max if after else None,
        "certificate": certificate.verdict,
        "reasons": [reason.value for reason in certificate.reasons],
        **asdict(counted),
    }


async def _count(
    session: AsyncSession, official: OfficialAccount, matching: Matching
) -> ControlCounts:
    where = {
        "tenant_id": official.tenant_id,
        "official_account_id": official.id,
        "matched_at": matching.matched_at,
        "of_ids": matching.of_ids,
    }
    controls = [
        Control(row.account_id, Expectation(row.expected), row.findable)
        for row in await session.execute(FINDABLE, where)
    ]
    return count_controls(controls, matching.matched, reached_end=matching.reached_end)
