"""`python -m benchmarks`: every benchmark in a process of its own; status 1 if one misses."""

import subprocess
import sys

BENCHMARKS = (
    "roster", "growth", "poller", "exports", "evaluation", "recap", "audit",
    "metrics", "versions", "simulation",
)  # fmt: skip


def run(name: str) -> int:
    """The exit status of one benchmark; its arguments are all made here."""
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    return subprocess.run(command, check=False).returncode  # noqa: S603


def main() -> int:
    """Run them one after another, so that none disturbs another."""
    failed = [name for name in BENCHMARKS if run(name)]
    if failed:
        print(f"Missed or failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
