"""PATCH as RFC 7644, section 3.5.2, defines it and as identity providers send it; pure.

Operations are folded into one wish before anything is written, so that all of them happen or none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.scim.filters import Among, Comparison, Either, Filter, Operator, parse_filter
from app.scim.rules import (
    CORE_USER,
    ENTERPRISE,
    KEPT,
    LONGEST_PATH,
    MAY_GO,
    NOT_KEPT,
    READ_ONLY,
    Fault,
    FaultKind,
    GroupWish,
    UserWish,
    attributes_of,
    group_wish,
    members_of,
    plain_path,
    user_wish,
)

MOST_OPERATIONS: Final = 1000
_SCHEMAS: Final = frozenset({ENTERPRISE.lower(), CORE_USER.lower()})


class Op(StrEnum):
    """What an operation does."""

    ADD = "add"
    REPLACE = "replace"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; without a path, its value is a part of the resource."""

    op: Op
    path: str | None
    value: Any


def operations(body: Mapping[str, Any]) -> Iterator[Operation]:
    """The operations of a PATCH, whatever the case of their names.

    Raises:
        Fault: they cannot be read.
    """
    listed = _folded(body).get("operations")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_OPERATIONS:
        raise Fault(FaultKind.SYNTAX, f"Operations is a list of 1 to {MOST_OPERATIONS} operations")
    for each in listed:
        if not isinstance(each, Mapping):
            raise Fault(FaultKind.SYNTAX, "an operation is an object")
        yield _operation(_folded(each))


def _folded(told: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in told.items()}


def _operation(told: Mapping[str, Any]) -> Operation:
    try:
        op = Op(str(told.get("op")).lower())
    except ValueError:
        raise Fault(FaultKind.SYNTAX, "op is add, replace or remove") from None
    path = told.get("path")
    if path is not None and (not isinstance(path, str) or len(path) > LONGEST_PATH):
        raise Fault(FaultKind.PATH, f"path is a text of at most {LONGEST_PATH} characters")
    path = plain_path(path.strip()) if path and path.strip() else None
    if path is None and op is Op.REMOVE:
        raise Fault(FaultKind.NO_TARGET, "remove needs a path")
    if path is None and not isinstance(told.get("value"), Mapping):
        raise Fault(FaultKind.SYNTAX, "without a path, the value is a part of the resource")
    return Operation(op, path, told.get("value"))


def user_patch(body: Mapping[str, Any]) -> UserWish:
    """What the operations together want of a User; a later one outdoes an earlier one.

    Raises:
        Fault: one of them cannot be carried out, and so none is.
    """
    attributes: dict[str, Any] = {}
    for each in operations(body):
        attributes |= _user_step(each)
    return user_wish(attributes)


def _user_step(step: Operation) -> Mapping[str, Any]:
    if step.path is None:
        return attributes_of(step.value)
    base = step.path.partition("[")[0].partition(".")[0]
    if base in READ_ONLY:
        raise Fault(FaultKind.MUTABILITY, "the path names what this service alone sets")
    if step.path in KEPT and step.op is Op.REMOVE:
        return _removed(step.path)
    if step.op is not Op.REMOVE and step.path in {*KEPT, *_SCHEMAS, "name"}:
        return attributes_of({step.path: step.value})
    if base in NOT_KEPT:
        return {}
    raise Fault(FaultKind.PATH, "the path names no attribute of a User")


def _removed(path: str) -> Mapping[str, Any]:
    if path in MAY_GO:
        return {path: None}
    # Of a name only the whole is kept, and the whole stays.
    if path.startswith("name."):
        return {}
    raise Fault(FaultKind.MUTABILITY, "the registry needs what the path names")


def group_patch(body: Mapping[str, Any]) -> GroupWish:
    """What the operations together want of a Group. Whoever is removed stays where they work.

    Raises:
        Fault: one of them cannot be carried out, and so none is.
    """
    wish = GroupWish()
    for each in operations(body):
        step = _group_step(each)
        wish = replace(
            wish,
            display_name=step.display_name or wish.display_name,
            external_id=step.external_id or wish.external_id,
            joining=tuple(
                dict.fromkeys(
                    (*(one for one in wish.joining if one not in _leaving(each)), *step.joining)
                )
            ),
        )
    return wish


def _group_step(step: Operation) -> GroupWish:
    if step.path is None:
        return group_wish(attributes_of(step.value))
    base = step.path.partition("[")[0].partition(".")[0]
    if base == "members":
        if step.op is Op.REMOVE:
            return GroupWish()
        if step.path != "members":
            raise Fault(FaultKind.PATH, "members are added by the path `members` alone")
        return GroupWish(joining=members_of(step.value))
    if step.path in {"displayname", "externalid"}:
        if step.op is Op.REMOVE:
            raise Fault(FaultKind.MUTABILITY, "a work unit keeps its name and its code")
        return group_wish({step.path: step.value})
    if base in READ_ONLY:
        raise Fault(FaultKind.MUTABILITY, "the path names what this service alone sets")
    raise Fault(FaultKind.PATH, "the path names no attribute of a Group")


def _leaving(step: Operation) -> frozenset[UUID]:
    """Whom an operation removes again whom the same request has added."""
    if step.op is not Op.REMOVE or step.path is None or not step.path.startswith("members"):
        return frozenset()
    if step.path == "members":
        return frozenset(members_of(step.value))
    return frozenset(members_of(list(_named(parse_filter(step.path)))))


def _named(node: Filter) -> Iterator[Any]:
    match node:
        case Among(path="members", part=part):
            yield from _named(part)
        case Either(parts=parts):
            for part in parts:
                yield from _named(part)
        case Comparison(path="value", operator=Operator.EQ, value=value):
            yield value
        case _:
            raise Fault(FaultKind.PATH, 'members are removed by `members[value eq "…"]`')
