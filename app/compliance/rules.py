"""What may be said of one employee for one duty, and on what evidence; pure.

Follow duty: presence proves `met`; only proven absence of a verified account proves `unmet`;
everything else is `unknown` with the reason that says what would settle it. This is the readable
specification: `weighing.py` says the same of a whole campaign in SQL, and
`tests/compliance/test_judging.py` holds it to every word of this for random histories.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from app.accounts.rules import AccountState
from app.observations.rules import CertificateVerdict, PairAnswer


class Verdict(StrEnum):
    """What is known of one employee for one duty."""

    MET = "met"
    UNMET = "unmet"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a verdict is what it is: first those of `met`, then of `unmet`, then of `unknown`."""

    SEEN_IN_LIST = "seen_in_list"
    PAIR_POSITIVE = "pair_positive"
    SHOWN_BY_EMPLOYEE = "shown_by_employee"
    DECLARED_ACCOUNT = "declared_account"

    ABSENT_FROM_TWO_COMPLETE_LISTS = "absent_from_two_complete_lists"
    PAIR_NEGATIVE = "pair_negative"
    UNDECLARED = "undeclared"
    DECLARED_NONE = "declared_none"
    PLATFORM_UNDECLARED = "platform_undeclared"

    DISPUTED = "disputed"
    DISPUTE_UPHELD = "dispute_upheld"
    NOT_DUE_YET = "not_due_yet"
    ACCOUNT_CONTESTED = "account_contested"
    BLOCKED = "blocked"
    AWAITING_SECOND_LIST = "awaiting_second_list"
    STALE = "stale"
    ACCOUNT_UNVERIFIED = "account_unverified"
    LIST_PARTIAL = "list_partial"
    PLATFORM_CANNOT_TELL = "platform_cannot_tell"
    NEVER_CHECKED = "never_checked"


class Basis(StrEnum):
    """The kind of evidence that a finding rests on."""

    FOLLOWER_LIST = "follower_list"
    PAIR_ANSWER = "pair_answer"
    SELF_EVIDENCE = "self_evidence"
    COMPLETE_LISTS = "complete_lists"
    DECLARATION = "declaration"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict with its reason and evidence."""

    verdict: Verdict
    reason: Reason
    basis: Basis = Basis.NONE
    evidence_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class ListLook:
    """What one follower list, certified by `verdict`, says of one account.

    `by_handle` lists were searched for its handle, others for its id, which never changes.
    """

    list_id: UUID
    taken_at: datetime
    verdict: CertificateVerdict
    present: bool
    by_handle: bool = False


@dataclass(frozen=True, slots=True)
class PairLook:
    """The platform's answer about one pair of accounts, or what the employee has shown of it."""

    id: UUID
    asked_at: datetime
    answer: PairAnswer
    by_employee: bool = False


@dataclass(frozen=True, slots=True)
class FollowEvidence:
    """Everything known of one declared account and one official account.

    `seen_since`, `found_at` and `unseen_since` tell of the checks: since when the account has been
    found under its present handle without a break, when it last was, and since when it has not been
    found at all. At `attested_at` it was last vouched for; after `attested_until` nobody vouches
    for whose it is; an officer has set aside what was not seen up to `cleared_at`.
    """

    state: AccountState
    verified_at: datetime | None
    can_tell: bool
    seen_since: datetime | None = None
    found_at: datetime | None = None
    unseen_since: datetime | None = None
    attested_at: datetime | None = None
    attested_until: datetime | None = None
    cleared_at: datetime | None = None
    lists: tuple[ListLook, ...] = ()
    pairs: tuple[PairLook, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sight:
    """Something seen at a moment; the id breaks ties, so that the order of looks never matters."""

    at: datetime
    id: UUID
    finding: Finding


# Two lists of one day may share one fault of the platform.
LISTS_APART = timedelta(hours=24)


def judge_follow(evidence: FollowEvidence, *, now: datetime, stale_after: timedelta) -> Finding:
    """Whether an account follows an official account; looks after `now` are not known yet."""
    if evidence.state is AccountState.CONTESTED:
        return Finding(Verdict.UNKNOWN, Reason.ACCOUNT_CONTESTED)
    # A retired account is no longer the employee's, whatever it follows.
    if evidence.state is AccountState.RETIRED:
        return Finding(Verdict.UNKNOWN, Reason.ACCOUNT_UNVERIFIED)
    if evidence.attested_until is not None and evidence.attested_until <= now:
        evidence = replace(evidence, verified_at=None)
    lists = [
        look
        for look in evidence.lists
        if look.verdict != CertificateVerdict.VOID and look.taken_at <= now
    ]
    pairs = [look for look in evidence.pairs if look.asked_at <= now]
    finding = _weigh(evidence, lists, pairs, now=now, stale_after=stale_after)
    if finding.verdict is not Verdict.MET and not evidence.can_tell:
        return Finding(Verdict.UNKNOWN, Reason.PLATFORM_CANNOT_TELL)
    return finding


def _weigh(
    evidence: FollowEvidence,
    lists: Sequence[ListLook],
    pairs: Sequence[PairLook],
    *,
    now: datetime,
    stale_after: timedelta,
) -> Finding:
    oldest_fresh = now - stale_after
    presence = _latest(_presences(lists, pairs))
    # Presence ends what was seen before it: the account follows, or follows again.
    absent = [look for look in lists if _since(look.taken_at, presence) and not look.present]
    asked = [look for look in pairs if _since(look.asked_at, presence)]
    complete = [look for look in absent if look.verdict == CertificateVerdict.COMPLETE]
    since = [look for look in complete if _counts_from(evidence, look.taken_at)]
    counted = [look for look in since if _still_named_so(evidence, look, stale_after)]
    denied = [
        look
        for look in asked
        if look.answer == PairAnswer.DOES_NOT_FOLLOW and _counts_from(evidence, look.asked_at)
    ]
    absence = _latest([*_denials(denied), *_double_absence(counted)])
    if absence is None and presence is not None and presence.at >= oldest_fresh:
        return presence.finding
    if _is_blocked(asked):
        return Finding(Verdict.UNKNOWN, Reason.BLOCKED)
    # No further list settles what is kept under a handle that nobody has confirmed for so long.
    by_old_name = len(counted) < len(since)
    # One absence is no proof, but it is news: it outweighs a presence that has grown old.
    first_absence = _latest(_single_absences(counted))
    for sight in (absence, None if by_old_name else first_absence):
        if sight is not None and sight.at >= oldest_fresh:
            return sight.finding
    if by_old_name:
        return Finding(Verdict.UNKNOWN, Reason.ACCOUNT_UNVERIFIED)
    if sight := absence or first_absence or presence:
        return replace(sight.finding, verdict=Verdict.UNKNOWN, reason=Reason.STALE)
    why = _why_unknown(complete, absent, asked)
    if why is Reason.ACCOUNT_UNVERIFIED and evidence.cleared_at is not None:
        why = Reason.DISPUTE_UPHELD
    return Finding(Verdict.UNKNOWN, why)


def _latest(sights: Iterable[_Sight]) -> _Sight | None:
    return max(sights, key=lambda sight: (sight.at, sight.id), default=None)


def _since(moment: datetime, presence: _Sight | None) -> bool:
    return presence is None or moment > presence.at


def _presences(lists: Sequence[ListLook], pairs: Sequence[PairLook]) -> Iterator[_Sight]:
    for look in lists:
        if look.present:
            found = Finding(Verdict.MET, Reason.SEEN_IN_LIST, Basis.FOLLOWER_LIST, (look.list_id,))
            yield _Sight(look.taken_at, look.list_id, found)
    for pair in pairs:
        if pair.answer == PairAnswer.FOLLOWS:
            reason, basis = Reason.PAIR_POSITIVE, Basis.PAIR_ANSWER
            if pair.by_employee:
                reason, basis = Reason.SHOWN_BY_EMPLOYEE, Basis.SELF_EVIDENCE
            found = Finding(Verdict.MET, reason, basis, (pair.id,))
            yield _Sight(pair.asked_at, pair.id, found)


def _denials(denied: Sequence[PairLook]) -> Iterator[_Sight]:
    for pair in denied:
        found = Finding(Verdict.UNMET, Reason.PAIR_NEGATIVE, Basis.PAIR_ANSWER, (pair.id,))
        yield _Sight(pair.asked_at, pair.id, found)


def _double_absence(counted: Sequence[ListLook]) -> Iterator[_Sight]:
    """The latest list, with the nearest one that was taken long enough before it."""
    ordered = sorted(counted, key=lambda look: (look.taken_at, look.list_id), reverse=True)
    for earlier in ordered:
        latest = ordered[0]
        if latest.taken_at - earlier.taken_at >= LISTS_APART:
            found = Finding(
                Verdict.UNMET,
                Reason.ABSENT_FROM_TWO_COMPLETE_LISTS,
                Basis.COMPLETE_LISTS,
                (earlier.list_id, latest.list_id),
            )
            yield _Sight(latest.taken_at, latest.list_id, found)
            return


def _single_absences(counted: Sequence[ListLook]) -> Iterator[_Sight]:
    for look in counted:
        found = Finding(
            Verdict.UNKNOWN, Reason.AWAITING_SECOND_LIST, Basis.FOLLOWER_LIST, (look.list_id,)
        )
        yield _Sight(look.taken_at, look.list_id, found)


def _counts_from(evidence: FollowEvidence, moment: datetime) -> bool:
    """Whether an absence at that moment says something of the employee."""
    # While it could not be seen, or went by a name that nobody looked for, it was absent anyway.
    if evidence.verified_at is None or evidence.unseen_since is not None:
        return False
    beginnings = (evidence.verified_at, evidence.seen_since, evidence.cleared_at)
    if any(each is not None and moment <= each for each in beginnings):
        return False
    match evidence.state:
        case AccountState.VERIFIED | AccountState.PRIVATE:
            return True
        # Lists leave out accounts that are gone or taken down, and hold a renamed one elsewhere.
        case (
            AccountState.MISSING
            | AccountState.SUSPENDED
            | AccountState.DEACTIVATED
            | AccountState.RENAMED
        ):
            return False
        case (
            AccountState.DECLARED
            | AccountState.EXISTS
            | AccountState.CONTESTED
            | AccountState.RETIRED
        ):
            return False
        case _:
            assert_never(evidence.state)


def _still_named_so(evidence: FollowEvidence, look: ListLook, stale_after: timedelta) -> bool:
    """Whether the account went by the handle that a list was searched for, as far as is known.

    Who renames an account is on the list under a name that nobody has declared. Proof that the
    handle is theirs grows old as all evidence does; what confirms it later confirms it before.
    """
    if not look.by_handle:
        return True
    confirmed = (
        evidence.verified_at,
        evidence.attested_at,
        evidence.seen_since,
        evidence.found_at,
    )
    return any(each is not None and look.taken_at <= each + stale_after for each in confirmed)


def _is_blocked(asked: Sequence[PairLook]) -> bool:
    """Whether the last answer was that one has blocked the other: nobody can follow then."""
    told = [look for look in asked if look.answer != PairAnswer.NOT_TOLD]
    last = max(told, key=lambda look: (look.asked_at, look.id), default=None)
    return last is not None and last.answer == PairAnswer.BLOCKED


def _why_unknown(
    complete: Sequence[ListLook], absent: Sequence[ListLook], asked: Sequence[PairLook]
) -> Reason:
    if complete or any(look.answer == PairAnswer.DOES_NOT_FOLLOW for look in asked):
        return Reason.ACCOUNT_UNVERIFIED
    if absent:
        return Reason.LIST_PARTIAL
    return Reason.PLATFORM_CANNOT_TELL if asked else Reason.NEVER_CHECKED


def best_of(findings: Sequence[tuple[UUID, Finding]]) -> tuple[UUID, Finding]:
    """The account that speaks for an employee who has several on one platform.

    One that follows is enough; `unmet` needs every one of them to be. Needs at least one.
    """
    rank = (Verdict.MET, Verdict.UNKNOWN, Verdict.UNMET)
    reasons = tuple(Reason)
    return min(
        findings,
        key=lambda each: (rank.index(each[1].verdict), reasons.index(each[1].reason), each[0]),
    )


def under_dispute(finding: Finding) -> Finding:
    """What may be shown while a dispute is open: nobody stands as `unmet` meanwhile."""
    return _lifted(finding, Reason.DISPUTED)


def once_cleared(finding: Finding) -> Finding:
    """What may be said of a silence that an officer has decided to hold against nobody."""
    return _lifted(finding, Reason.DISPUTE_UPHELD)


def _lifted(finding: Finding, reason: Reason) -> Finding:
    if finding.verdict is not Verdict.UNMET:
        return finding
    return replace(finding, verdict=Verdict.UNKNOWN, reason=reason)


def before_due(finding: Finding) -> Finding:
    """What may be said before a duty is due: nobody can be late yet."""
    return _lifted(finding, Reason.NOT_DUE_YET)
