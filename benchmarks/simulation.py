"""A month of a government under faults: is anybody falsely accused, and who is found?

Followers are hidden from lists (the same ones always, others each hour, then nobody), and answers
fail. `benchmarks/simulated` says what happens and how verdicts are held against the truth.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import replace

from app.core.logs import configure_logging
from app.platforms.base import Platform
from benchmarks.measuring import embedded_server, peak_memory
from benchmarks.simulated.month import Outcome, live_through
from benchmarks.simulated.people import Plan
from benchmarks.simulated.verdicts import Recall
from migrations import migrate

DEMANDED_RECALL = 0.9
STORIES = 20
ORDINARY = Plan()
DEMANDED = ("always-the-same", "others-each-hour")
WORLDS = (*DEMANDED, "nobody")


def plans(arguments: argparse.Namespace) -> Mapping[str, Plan]:
    """The worlds to live through: whom lists hide is what makes them different."""
    plan = Plan(
        people=arguments.people,
        days=arguments.days,
        hidden=arguments.hidden,
        failing=arguments.failing,
        seed=arguments.seed,
        pages=arguments.pages,
        hours=arguments.hours,
    )
    return {
        "always-the-same": plan,
        "others-each-hour": replace(plan, redrawn=True),
        "nobody": replace(plan, hidden=0.0),
    }


def meets(outcome: Outcome) -> bool:
    """Whether nobody was falsely accused, and most of those who can be found were."""
    return not outcome.false_unmet and outcome.recall.share >= DEMANDED_RECALL


def show(name: str, outcome: Outcome, seconds: float) -> None:
    """Print what a month has come to."""
    plan = outcome.plan
    print(
        f"\nhidden from lists {name}: {plan.people} people, {plan.days} days, hidden"
        f" {plan.hidden:.0%}, failing {plan.failing:.0%}, pages {plan.pages}, seed {plan.seed}"
    )
    print("  platform    answers  spoilt  lists complete partial void  polls ok failed")
    for platform in sorted(outcome.answers):
        given, spoilt = outcome.answers[platform]
        lists = [outcome.lists[platform, each] for each in ("complete", "partial", "void")]
        fine, failed = polls(outcome, platform)
        print(f"  {platform:<11}{given:>8}{spoilt:>8}{lists[0]:>15}{lists[1]:>8}{lists[2]:>5}"
              f"{fine:>10}{failed:>7}")  # fmt: skip
    print(f"  exports that were refused: {outcome.refused_exports}")
    for kind, number in sorted(outcome.kinds.items()):
        print(f"  {kind:<40}{number:>7}")
    print(f"  verdicts looked at {outcome.judged:,}, false unmet {len(outcome.false_unmet)},"
          f" false met {len(outcome.false_met)}")  # fmt: skip
    for story in (*outcome.false_unmet, *outcome.false_met)[:STORIES]:
        print(f"    {story}")
    print(f"  verifiable and not following, found: {found(outcome.recall)}"
          f" ({by_platform(outcome.verifiable)}), demand >= {DEMANDED_RECALL:.0%}")  # fmt: skip
    print(f"  attested and not following, found: {by_platform(outcome.everyone)}")
    print(f"  {'ok' if meets(outcome) else 'MISSED'} | {seconds:.0f} s | peak RSS {peak_memory()}",
          flush=True)  # fmt: skip


def polls(outcome: Outcome, platform: Platform) -> tuple[int, int]:
    """How many runs of the poll log went well, and how many failed in any way."""
    runs = [(key[2], number) for key, number in outcome.runs.items() if key[1] == platform]
    fine = sum(number for told, number in runs if told == "ok")
    return fine, sum(number for _, number in runs) - fine


def found(recall: Recall) -> str:
    """A share with what it is made of."""
    return f"{recall.found} of {recall.people} = {recall.share:.1%}"


def by_platform(recalls: Mapping[Platform, Recall]) -> str:
    """The shares of all platforms."""
    return ", ".join(f"{each} {found(recall)}" for each, recall in sorted(recalls.items()))


def tell(day: int) -> None:
    """Show on the terminal that a long run goes on."""
    print(f"day {day}", file=sys.stderr, flush=True)


def simulate(plan: Plan) -> Outcome:
    """Live through a plan on a server of its own."""

    async def run(url: str) -> Outcome:
        await migrate(url)
        return await live_through(plan, url, each_day=tell)

    # What is measured is right and wrong, not speed, so nothing needs to outlast a power cut.
    with embedded_server(durable=False) as (url, _):
        return asyncio.run(run(url))


def main() -> None:
    """Simulate every plan; status 1 when a demand is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=ORDINARY.people)
    parser.add_argument("--days", type=int, default=ORDINARY.days)
    parser.add_argument("--hidden", type=float, default=ORDINARY.hidden)
    parser.add_argument("--failing", type=float, default=ORDINARY.failing)
    parser.add_argument("--seed", type=int, default=ORDINARY.seed)
    parser.add_argument("--hours", type=int, default=ORDINARY.hours, help="between polls")
    parser.add_argument("--pages", action="store_true", help="public pages may be read")
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=DEMANDED)
    configure_logging("ERROR")
    missed = False
    arguments = parser.parse_args()
    lived = plans(arguments)
    for name in arguments.worlds:
        plan, begun = lived[name], time.perf_counter()
        outcome = simulate(plan)
        show(name, outcome, time.perf_counter() - begun)
        missed = missed or not meets(outcome)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
