"""What happens in the simulated world by itself, drawn from a seed and told to the sandbox."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Final

from app.platforms.base import Platform
from app.platforms.sandbox.lists import GONE
from app.platforms.sandbox.world import AccountState, Truth, WorldAccount
from benchmarks.simulated.people import Government, Official, Plan, invented
from benchmarks.simulated.timeline import Timeline

# Of so many accounts one turns its follow, goes away for days, or changes its handle, each day.
TURNS_OF: Final = 30
AWAY_OF: Final = 300
RENAMED_OF: Final = 500
RESOLD_OF: Final = 700
STOPS: Final = 0.3
COMES_BACK: Final = 0.8
EVERY_OTHER: Final = 0.5
MOST_MOVES: Final = 8
MOVES_A_DAY: Final = 6
LONGEST_AWAY: Final = 4 * 24 * 60
AWAY: Final = (AccountState.SUSPENDED, AccountState.DEACTIVATED, AccountState.PRIVATE)
# Bluesky and Mastodon count those who are gone; elsewhere the count falls with them.
COUNT_THE_GONE: Final = (Platform.BLUESKY, Platform.MASTODON)
# A name on a Mastodon server stays, and Facebook's profiles are never asked about.
RENAMEABLE: Final = (Platform.BLUESKY, Platform.X, Platform.INSTAGRAM, Platform.TIKTOK)


class Life:
    """Lets people follow, leave, rename and sell; every turn of a follow is dated in the truth.

    `moved` holds when an account last changed otherwise, which its checks have yet to find out.
    """

    def __init__(
        self, plan: Plan, government: Government, truth: Truth, timeline: Timeline
    ) -> None:
        self._truth = truth
        self._timeline = timeline
        self._random = Random(f"life {plan.seed}")  # noqa: S311 - Lots, no secrets.
        self._accounts = [each for person in government.people for each in person.accounts]
        self._officials = government.officials
        self._citizens = {each.platform_id: each.citizens for each in government.officials}
        self._names = 0
        self.moved: dict[tuple[Platform, str], datetime] = {}
        for official in government.officials:
            self._settle(official)

    def begin_day(self) -> None:
        """Draw what happens today, each at a minute of its own."""
        begins = self._timeline.clock.at
        for action in self._actions():
            moment = begins + timedelta(minutes=self._random.randrange(24 * 60))
            self._timeline.at(moment, action)

    def _actions(self) -> Iterator[Callable[[], None]]:
        for action, of in (
            (self._turn, TURNS_OF),
            (self._go_away, AWAY_OF),
            (self._rename, RENAMED_OF),
            (self._resell, RESOLD_OF),
        ):
            for _ in range(max(1, len(self._accounts) // of)):
                yield action
        for official in self._officials:
            for _ in range(MOVES_A_DAY):
                yield partial(self._move_citizens, official)

    def _turn(self) -> None:
        account = self._one(tuple(Platform))
        if account is None:
            return
        theirs = [each for each in self._officials if each.platform is account.platform]
        official = self._random.choice(theirs)
        follows = self._follows(account, official)
        if not follows or self._random.random() < STOPS:
            self._set_follow(account, official, follows=not follows)

    def _move_citizens(self, official: Official) -> None:
        there = self._citizens[official.platform_id]
        moved = self._random.randint(-MOST_MOVES, MOST_MOVES)
        self._citizens[official.platform_id] = max(10, there + moved)
        self._settle(official)

    def _go_away(self) -> None:
        """Suspended, switched off or made private; nearly all come back after some days."""
        account = self._one(RENAMEABLE)
        if account is None:
            return
        self._set_state(account, self._random.choice(AWAY))
        if self._random.random() < COMES_BACK:
            minutes = self._random.randrange(60, LONGEST_AWAY)
            back = self._timeline.clock.at + timedelta(minutes=minutes)
            self._timeline.at(back, partial(self._set_state, account, AccountState.ACTIVE))

    def _rename(self) -> None:
        account = self._one(RENAMEABLE)
        if account is not None:
            self._truth.rename(account.platform, account.platform_id, self._new_handle(account))
            self._note(account)

    def _resell(self) -> None:
        """Their handle passes to a stranger: they have another one from now on, or are gone."""
        account = self._one(RENAMEABLE)
        if account is None:
            return
        self._truth.rename(account.platform, account.platform_id, self._new_handle(account))
        if self._random.random() < EVERY_OTHER:
            self._set_state(account, AccountState.DEACTIVATED)
        self._note(account)
        made = invented(account.platform, "x", 900_000 + self._names, self._timeline.clock.at)
        stranger = WorldAccount(
            account.platform,
            made.platform_id,
            account.handle,
            "Orang lain",
            made.created_at,
            made.knots,
            professional=False,
        )
        self._truth.add(stranger)
        for official in self._officials:
            if official.platform is account.platform and self._random.random() < EVERY_OTHER:
                self._set_follow(stranger, official, follows=True)

    def _one(self, platforms: Sequence[Platform]) -> WorldAccount | None:
        """An employee's account that is there, as it is now; None where the lot falls otherwise."""
        drawn = self._random.choice(self._accounts)
        found = self._truth.by_id(drawn.platform, drawn.platform_id)
        there = found is not None and found.state is AccountState.ACTIVE
        return found if there and drawn.platform in platforms else None

    def _new_handle(self, account: WorldAccount) -> str:
        self._names += 1
        end = ".bsky.social" if account.platform is Platform.BLUESKY else ""
        return f"baru{self._names}{end}"

    def _set_state(self, account: WorldAccount, state: AccountState) -> None:
        self._truth.set_state(account.platform, account.platform_id, state)
        self._note(account)
        for official in self._officials:
            if self._follows(account, official):
                self._settle(official)

    def _note(self, account: WorldAccount) -> None:
        self.moved[account.platform, account.platform_id] = self._timeline.clock.at

    def _follows(self, account: WorldAccount, official: Official) -> bool:
        return account.platform is official.platform and self._truth.follows(
            account.platform, account.platform_id, official.platform_id
        )

    def _set_follow(self, account: WorldAccount, official: Official, *, follows: bool) -> None:
        pair = (account.platform, account.platform_id, official.platform_id)
        self._truth.set_follow(*pair, follows=follows, at=self._timeline.clock.at)
        self._settle(official)

    def _settle(self, official: Official) -> None:
        """Let the count be what the platform would show: its citizens and those with a name."""
        named = self._truth.named_followers(official.account)
        if official.platform not in COUNT_THE_GONE:
            named = [each for each in named if each.state not in GONE]
        followers = self._citizens[official.platform_id] + len(named)
        now = self._timeline.clock.at
        self._truth.set_followers(official.platform, official.platform_id, followers, at=now)
