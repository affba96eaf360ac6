"""Multipart uploads held in memory: they may hold citizens' data, which must not reach a disk."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from app.core.clock import AFTER_LAST_MOMENT, FIRST_MOMENT
from app.core.errors import BadRequest, FieldError, Invalid, TooLarge, UnsupportedFile

UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}
FORM: dict[str, Any] = UPLOAD_BODY["requestBody"]["content"]
FORM_OVERHEAD = 64 * 1024
LONGEST_TEXT = 300


BodyT = TypeVar("BodyT", bound=BaseModel)


def file_with(*required: str, **fields: dict[str, Any]) -> dict[str, Any]:
    """How OpenAPI tells of an operation that takes a file with fields, some of them required."""
    form = FORM["multipart/form-data"]["schema"]
    schema = {
        **form,
        "required": ["file", *required],
        "properties": {**form["properties"], **fields},
    }
    content = {"multipart/form-data": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


def file_or_json(model: type[BaseModel], **fields: dict[str, Any]) -> dict[str, Any]:
    """How OpenAPI tells of an operation that takes a file with fields, or a JSON body instead."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    body = file_with(**fields)
    body["requestBody"]["content"]["application/json"] = {"schema": schema}
    return body


class NotMultipart(UnsupportedFile):
    """Send the file as multipart/form-data with the field `file`."""


class BrokenMultipart(BadRequest):
    """The multipart body is broken; send the file again."""


class FileMissing(Invalid):
    """The form has no file in its field `file`."""


class FileEmpty(Invalid):
    """The file is empty; choose one with content."""


class FieldInvalid(Invalid):
    """A field of the form is not valid."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A whole uploaded file in memory, its name as given, and the form's other fields."""

    file: BinaryIO
    filename: str | None
    fields: dict[str, str]

    def field_moment(self, name: str) -> datetime | None:
        """A field as an aware moment; None where it is absent or empty.

        Raises:
            FieldInvalid: it is no RFC 3339 time with an offset.
        """
        value = self.fields.get(name)
        if not value:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if (
            moment is None
            or moment.tzinfo is None
            or not FIRST_MOMENT <= moment < AFTER_LAST_MOMENT
        ):
            message = "an RFC 3339 time with an offset, such as 2026-11-24T08:00:00+07:00"
            raise FieldInvalid(errors=[FieldError(f"/{name}", "datetime", message)])
        return moment

    def field_text(self, name: str) -> str | None:
        """A field as one line of text; None where it is absent or blank.

        Raises:
            FieldInvalid: it is too long, or holds control characters.
        """
        value = self.fields.get(name, "").strip()
        if not value:
            return None
        if len(value) > LONGEST_TEXT or not value.isprintable():
            message = f"at most {LONGEST_TEXT} printable characters"
            raise FieldInvalid(errors=[FieldError(f"/{name}", "text", message)])
        return value


class InMemoryParser(MultiPartParser):
    """Starlette's parser, told never to roll a part over to a temporary file."""

    spool_max_size = 1 << 62


async def json_instead(request: Request, model: type[BodyT]) -> BodyT | None:
    """The JSON body that came instead of a form; None where none did.

    Raises:
        RequestValidationError: it is not what the model asks for.
    """
    if not request.headers.get("content-type", "").startswith("application/json"):
        return None
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        faults = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise RequestValidationError(faults) from error


@asynccontextmanager
async def uploaded(request: Request, *, limit: int) -> AsyncIterator[Upload]:
    """The form's file, held in memory and let go at the end of the block.

    Raises:
        NotMultipart, BrokenMultipart, FileMissing, FileEmpty: there is no usable file.
        TooLarge: it is larger than `limit` bytes.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise NotMultipart(reason="")
    parser = InMemoryParser(request.headers, _limited(request, limit), max_files=1, max_fields=20)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise BrokenMultipart from error
    try:
        yield _upload_of(form)
    finally:
        await form.close()


def _upload_of(form: FormData) -> Upload:
    part = form.get("file")
    if not isinstance(part, UploadFile):
        raise FileMissing(errors=[FieldError("/file", "missing", "a file is required")])
    if not part.size:
        raise FileEmpty(errors=[FieldError("/file", "empty", "choose a file with content")])
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    return Upload(part.file, part.filename, fields)


async def _limited(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > limit + FORM_OVERHEAD:
            raise TooLarge(limit=limit)
        yield chunk
