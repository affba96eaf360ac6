"""Who is somebody in the registry, and may see and say what concerns themselves."""

from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID

from fastapi import Depends

from app.core.errors import Forbidden
from app.identity.access import may
from app.identity.rules import Caller
from app.identity.scopes import Scope

# Nobody's own NIP and addresses are hidden from themselves.
OF_ONESELF = frozenset({Scope.CONTACTS_READ, Scope.EMPLOYEES_READ_NIP})


class NotAnEmployee(Forbidden):
    """You are not known as an employee here: this side shows only what is kept of yourself."""


@dataclass(frozen=True, slots=True)
class Own:
    """An employee who asks about themselves.

    `caller` may see one's own data in full; it must be given nobody else's id.
    """

    caller: Caller
    employee_id: UUID


def _own(caller: Caller) -> Own:
    if caller.employee_id is None:
        raise NotAnEmployee
    # One's own data are one's own, whatever part of the tree an office reaches.
    seen = replace(caller, scopes=caller.scopes | OF_ONESELF, unit_id=None)
    return Own(seen, caller.employee_id)


async def reads_own(caller: Annotated[Caller, Depends(may(Scope.ME_READ))]) -> Own:
    """The employee who reads.

    Raises:
        NotAnEmployee: the caller is nobody in the registry.
    """
    return _own(caller)


async def writes_own(caller: Annotated[Caller, Depends(may(Scope.ME_WRITE))]) -> Own:
    """The employee who says or declares something.

    Raises:
        NotAnEmployee: the caller is nobody in the registry.
    """
    return _own(caller)


ReadsOwn = Annotated[Own, Depends(reads_own)]
WritesOwn = Annotated[Own, Depends(writes_own)]
