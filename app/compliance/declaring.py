"""What may be said of the duty to declare accounts; pure, as the rules of following are.

It is the specification of the statement in `judging.py`, as `rules.py` is of `weighing.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from app.accounts.rules import AccountState
from app.compliance.rules import Basis, Finding, Reason, Verdict
from app.employees.rules import Declaration
from app.platforms.base import Platform

# Who has said that they have no account has answered; that is for an officer to look into.
UNANSWERED = frozenset({Reason.UNDECLARED, Reason.PLATFORM_UNDECLARED})


@dataclass(frozen=True, slots=True)
class AccountFact:
    """One account that an employee has declared."""

    id: UUID
    platform: Platform
    state: AccountState


@dataclass(frozen=True, slots=True)
class DeclareEvidence:
    """What is known of one employee's duty to declare; no platforms named: any platform will do.

    `duty_id` is the ask: the evidence that a silence is an answer.
    """

    declaration: Declaration
    accounts: tuple[AccountFact, ...]
    platforms: tuple[Platform, ...]
    each: bool
    duty_id: UUID


class _Held(StrEnum):
    """What an employee has on the platforms of one ask, from best to worst."""

    DECLARED = "declared"
    CONTESTED = "contested"
    UNPROVEN = "unproven"
    NOTHING = "nothing"


def judge_declare(evidence: DeclareEvidence) -> Finding:
    """Whether an employee has declared what was asked, on any or on each of the platforms."""
    named = frozenset(evidence.platforms) or frozenset(Platform)
    separate = evidence.each and bool(evidence.platforms)
    asks = [frozenset({platform}) for platform in named] if separate else [named]
    held = [_held(evidence.accounts, ask) for ask in asks]
    # What is plainly lacking is lacking, however the open questions elsewhere are answered.
    if _Held.NOTHING in held:
        return _lacking(evidence)
    if _Held.CONTESTED in held:
        return Finding(Verdict.UNKNOWN, Reason.ACCOUNT_CONTESTED)
    if _Held.UNPROVEN in held:
        return Finding(Verdict.UNKNOWN, Reason.ACCOUNT_UNVERIFIED)
    ids = sorted(
        fact.id
        for fact in evidence.accounts
        if fact.platform in named and _held_as(fact.state) is _Held.DECLARED
    )
    return Finding(Verdict.MET, Reason.DECLARED_ACCOUNT, Basis.DECLARATION, tuple(ids))


def _held(accounts: Sequence[AccountFact], platforms: frozenset[Platform]) -> _Held:
    found = {_held_as(fact.state) for fact in accounts if fact.platform in platforms}
    return next((each for each in _Held if each in found), _Held.NOTHING)


def _held_as(state: AccountState) -> _Held:
    match state:
        case (
            AccountState.DECLARED
            | AccountState.EXISTS
            | AccountState.PRIVATE
            | AccountState.RENAMED
            | AccountState.VERIFIED
        ):
            return _Held.DECLARED
        case AccountState.CONTESTED:
            return _Held.CONTESTED
        # It was declared in good faith or not: that it cannot be seen decides neither.
        case AccountState.MISSING | AccountState.SUSPENDED | AccountState.DEACTIVATED:
            return _Held.UNPROVEN
        case AccountState.RETIRED:
            return _Held.NOTHING
        case _:
            assert_never(state)


def _lacking(evidence: DeclareEvidence) -> Finding:
    match evidence.declaration:
        case Declaration.NOT_ASKED:
            return Finding(Verdict.UNKNOWN, Reason.NEVER_CHECKED)
        case Declaration.UNDECLARED:
            reason = Reason.UNDECLARED
        case Declaration.DECLARED_NONE:
            reason = Reason.DECLARED_NONE
        case Declaration.DECLARED | Declaration.VERIFIED:
            reason = Reason.PLATFORM_UNDECLARED
        case _:
            assert_never(evidence.declaration)
    return Finding(Verdict.UNMET, reason, Basis.DECLARATION, (evidence.duty_id,))
