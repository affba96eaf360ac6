"""What the pure rules say of a random campaign: facts by hand, and one person after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.accounts.rules import AccountState, finds
from app.accounts.service import attestation_due
from app.campaigns.rules import due_at
from app.compliance.declaring import AccountFact, DeclareEvidence, judge_declare
from app.compliance.rules import (
    Finding,
    FollowEvidence,
    ListLook,
    PairLook,
    before_due,
    best_of,
    judge_follow,
    once_cleared,
    under_dispute,
)
from app.core.clock import jakarta_day, jakarta_midnight
from app.employees.rules import automatic_excuse
from app.excuses.rules import GRANTED, Excusal, excused_from
from app.observations.rules import CertificateVerdict, could_hold, tells_of
from app.platforms.base import Platform
from app.platforms.catalog import CAPABILITIES
from app.platforms.exports import KeyedBy, followers_keyed_by
from tests.compliance.histories import AList, AnAccount, Official, Person, SetAside, World

DECLARE, FOLLOW = UUID(int=1), UUID(int=2)
DAY = timedelta(days=1)
CONSIDERED = 20


@dataclass(frozen=True, order=True)
class Row:
    """A row of `judged`, without the id of its own."""

    employee_id: UUID
    duty_id: UUID
    duty_kind: str
    official_account_id: UUID | None
    account_id: UUID | None
    verdict: str
    reason: str
    basis: str
    evidence_ids: tuple[UUID, ...]
    excuse: str | None


def judged(world: World) -> list[Row]:
    """Every row, in no order."""
    rows: list[Row] = []
    for person in world.people:
        today = jakarta_day(world.now)
        if person.joined_on > today or (person.left_on is not None and person.left_on <= today):
            continue
        rows.append(_declared(world, person))
        for official in world.officials:
            if not world.follow_platforms or official.platform in world.follow_platforms:
                rows.extend(_followed(world, person, official))
    return rows


def _at(world: World) -> datetime:
    return min(world.now, world.ends_at)


def _live(person: Person) -> list[AnAccount]:
    return [each for each in person.accounts if each.state is not AccountState.RETIRED]


def _declared(world: World, person: Person) -> Row:
    evidence = DeclareEvidence(
        declaration=person.declaration,
        accounts=tuple(AccountFact(each.id, each.platform, each.state) for each in _live(person)),
        platforms=world.declare_platforms,
        each=world.each,
        duty_id=DECLARE,
    )
    finding = judge_declare(evidence)
    if _disputed(world, person, None):
        finding = under_dispute(finding)
    if _cleared(person, None, follow=False) is not None:
        finding = once_cleared(finding)
    return _row(world, person, "declare", None, None, finding)


def _followed(world: World, person: Person, official: Official) -> Iterator[Row]:
    findings = [
        (account.id, weighed(world, evidence_of(world, person, account, official)))
        for account in _live(person)
        if account.platform is official.platform
    ]
    if findings:
        account_id, finding = best_of(findings)
        if _disputed(world, person, official.id):
            finding = under_dispute(finding)
        yield _row(world, person, "follow", official.id, account_id, finding)


def _found_at(world: World, account: AnAccount) -> datetime | None:
    """The last check, up to the end of the campaign, of the account as it is declared now."""
    found = (
        moment
        for moment, state in account.checks
        if finds(state) and account.declared_at <= moment <= _at(world)
    )
    return max(found, default=None)


def weighed(world: World, evidence: FollowEvidence) -> Finding:
    """What the rules say of some evidence at the moment of a world."""
    stale_after = timedelta(days=world.stale_after_days)
    return judge_follow(evidence, now=_at(world), stale_after=stale_after)


def evidence_of(
    world: World, person: Person, account: AnAccount, official: Official
) -> FollowEvidence:
    """Everything known of one account and one official account."""
    can = CAPABILITIES[official.platform]
    return FollowEvidence(
        state=account.state,
        verified_at=account.verified_at,
        can_tell=can.owner_export or can.membership_pairs or can.membership_list,
        seen_since=account.seen_since,
        found_at=_found_at(world, account),
        unseen_since=account.unseen_since,
        attested_at=account.attested_at,
        attested_until=_attested_until(world, account),
        cleared_at=_cleared(person, official.id, follow=True),
        lists=tuple(_looks(world, account, official)),
        pairs=tuple(_pairs(account, official)),
    )


def _attested_until(world: World, account: AnAccount) -> datetime | None:
    """What has lapsed by now counts as lapsed at the end of the campaign, too."""
    if account.attested_at is None:
        return None
    until = attestation_due(account.attested_at)
    return min(until, _at(world)) if until <= world.now else max(until, world.now + DAY)


def _looks(world: World, account: AnAccount, official: Official) -> Iterator[ListLook]:
    known = [each for each in official.lists if each.taken_at <= _at(world)]
    latest = sorted(known, key=lambda each: (each.taken_at, each.id), reverse=True)[:CONSIDERED]
    for each in latest:
        present = each.certificate is not CertificateVerdict.VOID and any(
            first <= each.taken_at <= last for first, last in account.intervals[official.id]
        )
        knew_of_it = account.declared_at <= each.matched_at
        if knew_of_it and (present or _could_hold(each, account, official.platform)):
            by_handle = not _of_ids(each, account.platform)
            yield ListLook(each.id, each.taken_at, each.certificate, present, by_handle)


def _could_hold(held: AList, account: AnAccount, platform: Platform) -> bool:
    return could_hold(
        declared_at=account.declared_at,
        platform_id=account.platform_id,
        platform_id_since=account.platform_id_since,
        matched_at=held.matched_at,
        of_ids=_of_ids(held, platform),
    )


def _of_ids(held: AList, platform: Platform) -> bool:
    return followers_keyed_by(platform) is KeyedBy.PLATFORM_ID or held.source == "platform_list"


def _pairs(account: AnAccount, official: Official) -> Iterator[PairLook]:
    for each in account.answers[official.id]:
        shown = each.source in {"screenshot", "self_export"}
        if tells_of(
            declared_at=account.declared_at,
            asked_at=each.asked_at,
            recorded_at=each.recorded_at,
            by_employee=shown,
        ):
            yield PairLook(each.id, each.asked_at, each.answer, by_employee=shown)


def _about(found: Sequence[SetAside], official_id: UUID | None) -> Iterator[SetAside]:
    return (each for each in found if each.official_id == official_id)


def _disputed(world: World, person: Person, official_id: UUID | None) -> bool:
    return any(
        each.at <= world.now and (each.decided_at is None or each.decided_at > world.now)
        for each in _about(person.disputes, official_id)
    )


def _cleared(person: Person, official_id: UUID | None, *, follow: bool) -> datetime | None:
    assert follow is (official_id is not None)
    # What an officer has decided speaks of the time before it too.
    return max((each.at for each in _about(person.clearances, official_id)), default=None)


def _row(
    world: World,
    person: Person,
    kind: str,
    official_id: UUID | None,
    account_id: UUID | None,
    finding: Finding,
) -> Row:
    if _at(world) < _due(world, person):
        finding = before_due(finding)
    return Row(
        person.id,
        DECLARE if kind == "declare" else FOLLOW,
        kind,
        official_id,
        account_id,
        finding.verdict.value,
        finding.reason.value,
        finding.basis.value,
        finding.evidence_ids,
        _excuse(world, person, kind),
    )


def _due(world: World, person: Person) -> datetime:
    granted = [day for day, moment in person.extensions if moment <= world.now]
    return due_at(
        world.starts_at,
        timedelta(days=world.grace_days),
        joined_at=jakarta_midnight(person.joined_on) if person.added else None,
        extended_to=jakarta_midnight(max(granted) + DAY) if granted else None,
    )


def _excuse(world: World, person: Person, kind: str) -> str | None:
    by_standing = automatic_excuse(person.standing)
    if by_standing is not None:
        return by_standing
    duty_id = DECLARE if kind == "declare" else FOLLOW
    excusals = [
        Excusal(
            {None: None, "declare": DECLARE, "follow": FOLLOW}[each.duty],
            each.starts_on,
            each.ends_on,
            each.withdrawn_at is not None and each.withdrawn_at <= world.now,
        )
        for each in person.excuses
    ]
    days = (jakarta_day(_at(world)), jakarta_day(world.now))
    return GRANTED if any(excused_from(excusals, duty_id, day) for day in days) else None
