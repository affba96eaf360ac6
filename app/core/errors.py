"""What can go wrong, as one tree; a class's docstring is the message that a caller reads.

AppError
  BadRequest 400        Unauthenticated 401   Forbidden 403     NotFound 404
  Conflict 409          PreconditionFailed 412  TooLarge 413    UnsupportedFile 415
  Invalid 422           PreconditionRequired 428  TooMany 429   ServiceUnavailable 503
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault of a request: a JSON pointer to the place, a stable code, what to mend."""

    pointer: str
    code: str
    message: str


class AppError(Exception):
    """The request could not be carried out."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    code: ClassVar[str] = "internal"

    def __init__(self, *, errors: Sequence[FieldError] = (), **fields: object) -> None:
        self.errors = tuple(errors)
        self.fields = fields
        super().__init__(inspect.cleandoc(self.__doc__ or "").format(**fields))

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            cls.code = "".join(
                f"-{letter.lower()}" if letter.isupper() else letter for letter in cls.__name__
            ).lstrip("-")

    @property
    def headers(self) -> dict[str, str]:
        """Headers that belong to the answer."""
        return {}


class BadRequest(AppError):
    """The request is malformed."""

    status = 400
    title = "Bad request"


class Unauthenticated(AppError):
    """A valid bearer token is required: Authorization: Bearer sm_live_…"""

    status = 401
    title = "Authentication required"

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer realm="simedsos"'}


class Forbidden(AppError):
    """The token lacks the scope {scope}."""

    status = 403
    title = "Forbidden"


class NotFound(AppError):
    """There is no such resource, or it is not visible to this caller."""

    status = 404
    title = "Not found"


class Conflict(AppError):
    """The request conflicts with what is stored."""

    status = 409
    title = "Conflict"


class PreconditionFailed(AppError):
    """The resource has changed since it was read; read it again and send its current ETag."""

    status = 412
    title = "Precondition failed"


class TooLarge(AppError):
    """The upload is larger than the limit of {limit} bytes."""

    status = 413
    title = "Too large"


class UnsupportedFile(AppError):
    """The file cannot be read: {reason}"""

    status = 415
    title = "Unsupported file"


class Invalid(AppError):
    """The request does not describe a valid resource."""

    status = 422
    title = "Invalid"


class PreconditionRequired(AppError):
    """Edits need the header If-Match with the ETag of the version that was read."""

    status = 428
    title = "Precondition required"


class TooMany(AppError):
    """Too many requests; try again in {seconds} s."""

    status = 429
    title = "Too many requests"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.fields["seconds"])}


class ServiceUnavailable(AppError):
    """The database cannot be reached; try again shortly."""

    status = 503
    title = "Service unavailable"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "5"}
