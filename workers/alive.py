"""`python -m workers.alive`: whether the loop of a worker or scheduler still turns.

It imports nothing of the service, so that a probe costs next to nothing.
"""

import os
import sys
import time
from pathlib import Path

VARIABLE = "SIMEDSOS_HEARTBEAT_FILE"
# Ten beats: a loop that is busy for a few seconds is no hung one.
OLDEST_SECONDS = 50


def main() -> int:
    """0 while the file is fresh; 1 with a sentence on stderr where it is not."""
    named = os.environ.get(VARIABLE)
    if not named:
        print(f"Set {VARIABLE} to the file that the process touches.", file=sys.stderr)  # noqa: T201
        return 1
    try:
        age = time.time() - Path(named).stat().st_mtime
    except OSError as error:
        print(f"There is no heartbeat yet: {error.strerror}.", file=sys.stderr)  # noqa: T201
        return 1
    if age > OLDEST_SECONDS:
        print(f"The last heartbeat is {age:.0f} s old.", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
