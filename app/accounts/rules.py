"""The states of a declared account and the moves between them; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import assert_never

from app.platforms.base import ExistenceState


class AccountState(StrEnum):
    """What is known of a declared account."""

    DECLARED = "declared"
    EXISTS = "exists"
    MISSING = "missing"
    PRIVATE = "private"
    SUSPENDED = "suspended"
    DEACTIVATED = "deactivated"
    RENAMED = "renamed"
    VERIFIED = "verified"
    CONTESTED = "contested"
    RETIRED = "retired"


CHECKS_UNTIL_MISSING = 3

_LIVE = frozenset(AccountState) - {AccountState.CONTESTED, AccountState.RETIRED}

# From any live state a check may see another one, an owner may prove it, a corrected handle may
# make it `declared` again, a second claimant may appear, or it may be retired. `missing` asks for
# `missing_after` besides.
_MOVES: Mapping[AccountState, frozenset[AccountState]] = {
    **{state: frozenset(AccountState) - {state} for state in _LIVE},
    # That a verified account is there is no news, and must not undo the proof.
    AccountState.VERIFIED: frozenset(AccountState) - {AccountState.VERIFIED, AccountState.EXISTS},
    # Only a human's decision ends a contest.
    AccountState.CONTESTED: frozenset(
        {AccountState.DECLARED, AccountState.VERIFIED, AccountState.RETIRED}
    ),
    # A retired account is evidence of its time; whoever returns to it declares it anew.
    AccountState.RETIRED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Attestation:
    """An officer's word, dated and named, that an account is the employee's."""

    attested_on: date
    attested_by: str


def live(state: AccountState) -> bool:
    """Whether a claim in this state excludes a second one on the same account."""
    match state:
        case AccountState.CONTESTED | AccountState.RETIRED:
            return False
        case (
            AccountState.DECLARED
            | AccountState.EXISTS
            | AccountState.MISSING
            | AccountState.PRIVATE
            | AccountState.SUSPENDED
            | AccountState.DEACTIVATED
            | AccountState.RENAMED
            | AccountState.VERIFIED
        ):
            return True
        case _:
            assert_never(state)


def state_on_declaration(*, claimed_by_other: bool, attested: bool) -> AccountState:
    """The state that a claim begins in; an attestation does not settle whose account it is."""
    if claimed_by_other:
        return AccountState.CONTESTED
    return AccountState.VERIFIED if attested else AccountState.DECLARED


def may_move(present: AccountState, wanted: AccountState) -> bool:
    """Whether an account may pass from one state to another; staying is no move."""
    return wanted in _MOVES[present]


def missing_after(checks: Sequence[date]) -> bool:
    """Whether an account counts as missing.

    `checks` are the days of the checks that did not find it, since it was last found.
    """
    return len(set(checks)) >= CHECKS_UNTIL_MISSING


def finds(check: ExistenceState) -> bool | None:
    """Whether a check found the account; None where its answer has no single meaning."""
    match check:
        case ExistenceState.EXISTS | ExistenceState.PRIVATE:
            return True
        case ExistenceState.MISSING | ExistenceState.SUSPENDED | ExistenceState.DEACTIVATED:
            return False
        case ExistenceState.AMBIGUOUS | ExistenceState.BLOCKED:
            return None
        case _:
            assert_never(check)


def state_after_check(
    present: AccountState, check: ExistenceState, *, proven: bool, missed_on: Sequence[date]
) -> AccountState:
    """The state that a check leaves an account in.

    `proven` says that its owner was proven and the proof still stands; `missed_on` are the days
    of the checks that did not find it since it was last found, this one included.
    """
    wanted = _wanted(present, check, proven=proven, missed_on=missed_on)
    # A contest is a human's to end, though it may end in a proof.
    return wanted if live(present) and may_move(present, wanted) else present


def _wanted(
    present: AccountState, check: ExistenceState, *, proven: bool, missed_on: Sequence[date]
) -> AccountState:
    match check:
        case ExistenceState.EXISTS:
            return AccountState.VERIFIED if proven else AccountState.EXISTS
        case ExistenceState.PRIVATE:
            return AccountState.PRIVATE
        case ExistenceState.SUSPENDED:
            return AccountState.SUSPENDED
        case ExistenceState.DEACTIVATED:
            return AccountState.DEACTIVATED
        case ExistenceState.MISSING:
            return AccountState.MISSING if missing_after(missed_on) else present
        case ExistenceState.AMBIGUOUS | ExistenceState.BLOCKED:
            return present
        case _:
            assert_never(check)


class Identity(StrEnum):
    """What the id and the handle that a platform told make of a declared account."""

    SAME = "same"
    LEARNT = "learnt"
    RENAMED = "renamed"
    OTHER = "other"


def identify(
    *, known_id: str | None, handle: str, told_id: str | None, told_handle: str | None
) -> Identity:
    """Whether the account that answered is the declared one: identity is the platform's id."""
    if known_id is not None and told_id is not None and told_id != known_id:
        return Identity.OTHER
    if known_id is None:
        return Identity.SAME if told_id is None else Identity.LEARNT
    # Where only an id was declared, the handle that is told is no new name but the first.
    named_before = handle != known_id
    if named_before and told_id == known_id and told_handle not in {None, handle}:
        return Identity.RENAMED
    return Identity.SAME
