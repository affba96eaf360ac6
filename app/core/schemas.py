"""Shapes that the API's schemas share."""

from typing import Annotated, ClassVar, Self, TypeAlias

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from app.core.clock import AFTER_LAST_MOMENT, FIRST_MOMENT

Moment: TypeAlias = Annotated[AwareDatetime, Field(ge=FIRST_MOMENT, lt=AFTER_LAST_MOMENT)]

Text: TypeAlias = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=300,
        pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$",
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
