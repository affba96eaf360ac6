"""Shapes that the API's schemas share."""

import re
from datetime import date
from typing import Annotated, Any, ClassVar, Self, TypeAlias

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from app.core.clock import AFTER_LAST_MOMENT, FIRST_MOMENT

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
NUMBER = re.compile(r"\s*[+-]?[0-9.eE+-]+\s*")


def refuse_numbers(value: object) -> object:
    """Seconds since 1970 are no date: a slip would become a day that nobody has named."""
    if isinstance(value, int | float) or (isinstance(value, str) and NUMBER.fullmatch(value)):
        message = "write a date as YYYY-MM-DD, and a moment with its time and offset"
        raise ValueError(message)
    return value


def forget_bounds(schema: dict[str, Any]) -> None:
    """JSON Schema bounds numbers only; pydantic writes a date's bounds under words of its own."""
    for word in ("ge", "gt", "le", "lt"):
        schema.pop(word, None)


Moment: TypeAlias = Annotated[
    AwareDatetime,
    BeforeValidator(refuse_numbers),
    Field(ge=FIRST_MOMENT, lt=AFTER_LAST_MOMENT, json_schema_extra=forget_bounds),
]


def refuse_all_but_days(value: object) -> object:
    """A day is ten characters; a moment that happens to be midnight is none."""
    if isinstance(value, date) or (isinstance(value, str) and DAY.fullmatch(value)):
        return value
    message = "write a date as YYYY-MM-DD"
    raise ValueError(message)


Day: TypeAlias = Annotated[date, BeforeValidator(refuse_all_but_days)]

Text: TypeAlias = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=300,
        pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$",
    ),
]

# People write in paragraphs; other control characters than a line's end are no text.
LongText: TypeAlias = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=4000,
        pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$",
    ),
]


class In(BaseModel):
    """A request body: unknown fields are refused, so that a misspelt one is not lost."""

    model_config = ConfigDict(extra="forbid")


class Edit(In):
    """A partial change; `never_null` names the fields that may be left out but not emptied."""

    never_null: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def refuse_nulls(self) -> Self:
        for name in self.model_fields_set & self.never_null:
            if getattr(self, name) is None:
                message = f"{name} may be left out, but not null"
                raise ValueError(message)
        return self


class Out(BaseModel):
    """An answer, read from a row."""

    model_config = ConfigDict(from_attributes=True)
