"""Which changes the feed tells of, and where a reader stands in it; pure."""

import base64
import binascii
import struct
from dataclasses import dataclass
from typing import Final

from app.changes.kinds import ChangeKind

# What other systems keep beside their own records.
TOLD: Final = frozenset({
    "account", "campaign", "dispute", "employee", "evidence", "excuse", "extension", "finding",
    "follower_list", "import", "neutrality_window", "notice", "official_account", "pair_answers",
    "report", "roster", "snapshot", "work_unit",
})  # fmt: skip
# Who signs in, who may be written to, and what somebody asked about their own data is nobody
# else's business; the audit trail has it.
WITHHELD: Final = frozenset({
    "api_key", "breach", "connection", "consent", "contact", "reminder_plan", "reminders",
    "retention", "session", "subject_request", "unit_head", "user", "webhook",
})  # fmt: skip
LAST_SEQUENCE: Final = 2**63 - 1
SHAPE: Final = struct.Struct(">QQ")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Behind which change a reader stands: its transaction, and its number there."""

    transaction: int
    sequence: int


BEGINNING: Final = Position(0, 0)


def subject_of(kind: ChangeKind) -> str:
    """What a kind of change happens to."""
    return kind.value.partition(":")[0]


TOLD_KINDS: Final = tuple(sorted(kind.value for kind in ChangeKind if subject_of(kind) in TOLD))


def before(horizon: int) -> Position:
    """Behind everything that belongs to transactions older than `horizon`."""
    return Position(horizon - 1, LAST_SEQUENCE)


def written(position: Position) -> str:
    """A position as an opaque cursor."""
    packed = SHAPE.pack(position.transaction, position.sequence)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read(cursor: str) -> Position:
    """The position that a cursor holds.

    Raises:
        ValueError: it was not made by `written`.
    """
    try:
        packed = base64.b64decode(cursor + "==", altchars=b"-_", validate=True)
        position = Position(*SHAPE.unpack(packed))
    except (binascii.Error, struct.error) as error:
        raise ValueError from error
    if position.sequence > LAST_SEQUENCE or written(position) != cursor:
        raise ValueError
    return position
