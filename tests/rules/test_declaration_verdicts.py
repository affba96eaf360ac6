"""Whether an employee has declared what was asked: a named case for every branch."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.rules import AccountState
from app.compliance.declaring import AccountFact, DeclareEvidence, judge_declare
from app.compliance.rules import Basis, Finding, Reason, Verdict
from app.employees.rules import Declaration
from app.platforms.base import Platform

MET, UNMET, UNKNOWN = Verdict


def ident(number: int) -> UUID:
    return UUID(int=number)


DUTY = ident(99)
IG, TT, FB = Platform.INSTAGRAM, Platform.TIKTOK, Platform.FACEBOOK


def asked(
    declaration: Declaration,
    accounts: Sequence[tuple[Platform, AccountState]],
    platforms: Iterable[Platform] = (IG, TT),
    *,
    each: bool = False,
) -> Finding:
    return judge_declare(
        DeclareEvidence(
            declaration=declaration,
            accounts=tuple(
                AccountFact(ident(number), platform, state)
                for number, (platform, state) in enumerate(accounts, start=1)
            ),
            platforms=tuple(platforms),
            each=each,
            duty_id=DUTY,
        )
    )


def declared(*numbers: int) -> Finding:
    ids = tuple(ident(each) for each in numbers)
    return Finding(MET, Reason.DECLARED_ACCOUNT, Basis.DECLARATION, ids)


def lacking(reason: Reason) -> Finding:
    return Finding(UNMET, reason, Basis.DECLARATION, (DUTY,))


def unknown(reason: Reason) -> Finding:
    return Finding(UNKNOWN, reason)


PROVEN, GONE = (IG, AccountState.VERIFIED), (IG, AccountState.MISSING)
STRANGE, ELSEWHERE = (IG, AccountState.CONTESTED), (FB, AccountState.DECLARED)
OLD, SECOND = (IG, AccountState.RETIRED), (TT, AccountState.DECLARED)


@pytest.mark.parametrize(
    ("declaration", "accounts", "platforms", "each", "finding"),
    [
        ("declared", [SECOND], (IG, TT), False, declared(1)),
        ("verified", [PROVEN, SECOND], (IG, TT), False, declared(1, 2)),
        ("verified", [PROVEN, SECOND], (IG, TT), True, declared(1, 2)),
        ("verified", [PROVEN, SECOND], (IG,), True, declared(1)),
        ("declared", [ELSEWHERE], (), False, declared(1)),
        ("declared", [ELSEWHERE], (), True, declared(1)),
        ("declared", [STRANGE, SECOND], (IG, TT), False, declared(2)),
        ("not_asked", [PROVEN], (IG,), False, declared(1)),
        ("declared_none", [PROVEN], (IG,), False, declared(1)),
        ("not_asked", [], (IG,), False, unknown(Reason.NEVER_CHECKED)),
        ("not_asked", [], (), True, unknown(Reason.NEVER_CHECKED)),
        ("undeclared", [], (IG,), False, lacking(Reason.UNDECLARED)),
        ("undeclared", [OLD], (IG,), False, lacking(Reason.UNDECLARED)),
        ("declared_none", [], (IG,), False, lacking(Reason.DECLARED_NONE)),
        ("declared", [ELSEWHERE], (IG, TT), False, lacking(Reason.PLATFORM_UNDECLARED)),
        ("verified", [PROVEN], (IG, TT), True, lacking(Reason.PLATFORM_UNDECLARED)),
        ("declared", [STRANGE], (IG, TT), False, unknown(Reason.ACCOUNT_CONTESTED)),
        ("declared", [STRANGE, SECOND], (IG, TT), True, unknown(Reason.ACCOUNT_CONTESTED)),
        ("declared", [STRANGE], (IG, TT), True, lacking(Reason.PLATFORM_UNDECLARED)),
        ("declared", [GONE], (IG,), False, unknown(Reason.ACCOUNT_UNVERIFIED)),
        ("declared", [GONE, STRANGE], (IG,), False, unknown(Reason.ACCOUNT_CONTESTED)),
        ("declared", [GONE, PROVEN], (IG,), False, declared(2)),
    ],
    ids=[
        "any-one-is-enough",
        "any-names-all-it-found",
        "each-on-each",
        "other-platforms-are-no-evidence",
        "no-platform-named-any",
        "no-platform-named-each",
        "a-contested-one-beside-a-good-one",
        "declared-before-being-asked",
        "an-account-outweighs-an-old-none",
        "not-asked",
        "not-asked-and-no-platform-named",
        "undeclared",
        "only-retired",
        "declared-none",
        "declared-elsewhere-only",
        "each-lacks-one",
        "only-contested",
        "each-with-one-contested",
        "each-with-one-contested-and-one-lacking",
        "only-missing",
        "contested-outweighs-missing",
        "one-missing-one-verified",
    ],
)
def test_judge_declare(declaration, accounts, platforms, each, finding):
    assert asked(Declaration(declaration), accounts, platforms, each=each) == finding


@pytest.mark.parametrize("state", list(AccountState))
def test_which_states_count_as_declared(state):
    verdict = asked(Declaration.DECLARED, [(IG, state)], (IG,)).verdict
    expected = {
        AccountState.CONTESTED: UNKNOWN,
        AccountState.MISSING: UNKNOWN,
        AccountState.SUSPENDED: UNKNOWN,
        AccountState.DEACTIVATED: UNKNOWN,
        AccountState.RETIRED: UNMET,
    }
    assert verdict is expected.get(state, MET)


HOLDINGS = st.lists(st.tuples(st.sampled_from(Platform), st.sampled_from(AccountState)), max_size=6)


@given(st.sampled_from(Declaration), HOLDINGS, st.lists(st.sampled_from(Platform)), st.booleans())
def test_declare_findings_carry_evidence_and_never_accuse_the_unasked(
    declaration, accounts, platforms, each
):
    finding = asked(declaration, accounts, platforms, each=each)
    assert finding.verdict is UNKNOWN or finding.evidence_ids
    if declaration is Declaration.NOT_ASKED:
        assert finding.verdict is not UNMET


@given(st.sampled_from(Declaration), HOLDINGS, st.sets(st.sampled_from(Platform), min_size=1))
def test_each_asks_for_more_than_any(declaration, accounts, platforms):
    if asked(declaration, accounts, platforms, each=True).verdict is MET:
        assert asked(declaration, accounts, platforms).verdict is MET
