"""What imports are of, how far they have come, how their files are written, and what they mean."""

from enum import StrEnum


class ImportKind(StrEnum):
    """What the rows of a file are."""

    EMPLOYEES = "employees"
    ACCOUNTS = "accounts"
    WORK_UNITS = "work_units"


class ImportState(StrEnum):
    """How far an import has come; the first two are of one that somebody waits for."""

    READING = "reading"
    MERGING = "merging"
    PREVIEWED = "previewed"
    APPLIED = "applied"


class ImportMode(StrEnum):
    """What it means that an employee does not stand in a file: nothing, or that they have left."""

    PARTIAL = "partial"
    FULL = "full"


class FileEncoding(StrEnum):
    """How a file's text is written."""

    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    WINDOWS_1252 = "windows-1252"
    WORKBOOK = "workbook"
