"""Write every dashboard as the JSON that Grafana reads."""

import json
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana import collector, compliance, growth, overview

FOLDER: Final = Path(__file__).parent / "dashboards"
ROOMS: Final = (overview, growth, compliance, collector)


def written() -> dict[str, str]:
    """The text of each file by its name."""
    boards = [room.dashboard() for room in ROOMS]
    return {
        f"{board.uid}.json": json.dumps(
            board, cls=JSONEncoder, indent=1, sort_keys=True, ensure_ascii=False
        )
        + "\n"
        for board in boards
    }


def main() -> None:
    for name, text in written().items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
