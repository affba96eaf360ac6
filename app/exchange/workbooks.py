"""Reading XLSX workbooks: in a process of its own that holds nothing and may do nothing."""

import io
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

from app.core.errors import UnsupportedFile

READER = Path(__file__).with_name("workbook_reader.py")
SECONDS = 90
REASONS = {
    "damaged": "it is damaged; open it in Excel, save it anew, and send that",
    "encrypted": "it is protected by a password; save it without one",
    "no_sheet": "it shows no sheet with cells; put the table into the first sheet",
    "not_a_workbook": "it is a ZIP archive and no workbook; send the table itself",
    "too_large": "it is too large when it is unpacked; save the sheet as CSV UTF-8",
    "too_wide": "its sheet has more than 256 columns; keep those that are needed",
}


class NotAWorkbook(UnsupportedFile):
    """This workbook cannot be read: {reason}."""


def as_csv(stream: BinaryIO) -> BinaryIO:
    """The first sheet of a workbook as a CSV table in UTF-8.

    Raises:
        NotAWorkbook: it is damaged, protected, too large, or no workbook.
    """
    try:
        # It gets the bytes and nothing else: no environment, no files of ours, no settings.
        ended = subprocess.run(  # noqa: S603 - A program of our own, and no shell.
            [sys.executable, "-I", str(READER)],
            input=stream.read(),
            capture_output=True,
            check=False,
            env={},
            cwd="/",
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise NotAWorkbook(reason=REASONS["too_large"]) from None
    if ended.returncode != 0:
        word = ended.stderr.decode(errors="replace")
        # Killed by a limit, it says nothing.
        raise NotAWorkbook(reason=REASONS.get(word, REASONS["too_large"]))
    return io.BytesIO(ended.stdout)
