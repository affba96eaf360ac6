"""SCIM on the wire, as OpenAPI tells it; attribute names are SCIM's own.

Requests are read more freely than this, since providers differ in case and nesting: see `rules`.
"""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from app.scim.rules import ENTERPRISE

MOST_LISTED: Final = 200
FARTHEST: Final = 2**31 - 1


class _Shape(BaseModel):
    """Attributes by the names of SCIM; further ones are passed over."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)


class MetaOut(_Shape):
    """`version` is the weak entity tag of the resource, for If-Match."""

    resource_type: Annotated[str, Field(alias="resourceType")]
    location: str
    version: str | None = None
    created: str | None = None
    last_modified: Annotated[str | None, Field(alias="lastModified")] = None


class ReferenceOut(_Shape):
    """Another resource: a User's Group, or a Group's member."""

    value: str
    ref: Annotated[str | None, Field(alias="$ref")] = None
    display: str | None = None
    type: str | None = None


class NameOut(_Shape):
    formatted: str


class EnterpriseOut(_Shape):
    """`employeeNumber` is the NIP, masked unless the caller may read it; `department` a code."""

    employee_number: Annotated[str | None, Field(alias="employeeNumber")] = None
    department: str | None = None


class UserOut(_Shape):
    """An employee; with `attributes` or `excludedAttributes`, only a part of this."""

    schemas: list[str]
    id: str
    external_id: Annotated[str | None, Field(alias="externalId")] = None
    user_name: Annotated[str | None, Field(alias="userName")] = None
    name: NameOut | None = None
    display_name: Annotated[str | None, Field(alias="displayName")] = None
    title: str | None = None
    user_type: Annotated[str | None, Field(alias="userType")] = None
    active: bool | None = None
    groups: list[ReferenceOut] | None = None
    enterprise: Annotated[EnterpriseOut | None, Field(alias=ENTERPRISE)] = None
    meta: MetaOut | None = None


class GroupOut(_Shape):
    """A work unit and the Users who work directly in it."""

    schemas: list[str]
    id: str
    external_id: Annotated[str | None, Field(alias="externalId")] = None
    display_name: Annotated[str | None, Field(alias="displayName")] = None
    members: list[ReferenceOut] | None = None
    meta: MetaOut | None = None


class _ListOut(_Shape):
    schemas: list[str]
    total_results: Annotated[int, Field(alias="totalResults")]
    start_index: Annotated[int, Field(alias="startIndex")]
    items_per_page: Annotated[int, Field(alias="itemsPerPage")]


class UserListOut(_ListOut):
    resources: Annotated[list[UserOut], Field(alias="Resources")]


class GroupListOut(_ListOut):
    resources: Annotated[list[GroupOut], Field(alias="Resources")]


class DescriptionsOut(_ListOut):
    resources: Annotated[list[dict[str, Any]], Field(alias="Resources")]


class SearchIn(BaseModel):
    """What a list is asked for, in a body, so that no name stands in an address."""

    model_config = ConfigDict(populate_by_name=True)

    filter: str | None = None
    start_index: Annotated[StrictInt, Field(alias="startIndex", ge=-FARTHEST, le=FARTHEST)] = 1
    count: Annotated[StrictInt, Field(ge=-FARTHEST, le=FARTHEST)] = MOST_LISTED
    attributes: list[str] = []
    excluded_attributes: Annotated[list[str], Field(alias="excludedAttributes")] = []
