"""What this service understands of SCIM, as clients ask for it (RFC 7643, sections 5 to 7)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.employees.rules import Category
from app.scim.rules import CORE_GROUP, CORE_USER, ENTERPRISE
from app.scim.schemas import MOST_LISTED

CONFIG: Final = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
RESOURCE_TYPE: Final = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:Schema"


def _attribute(name: str, description: str, **other: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": "string",
        "multiValued": False,
        "description": description,
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
        **other,
    }


def _references(name: str, description: str, kind: str, **other: Any) -> dict[str, Any]:
    fixed = {"mutability": "immutable"} if other.get("mutability") != "readOnly" else other
    shown = {"mutability": "readOnly"}
    return _attribute(
        name,
        description,
        type="complex",
        multiValued=True,
        subAttributes=[
            _attribute("value", f"The id of the {kind}", **fixed),
            _attribute(
                "$ref",
                f"The address of the {kind}",
                type="reference",
                referenceTypes=[kind],
                caseExact=True,
                **fixed,
            ),
            _attribute("display", "The name", **shown),
            _attribute("type", "What is referred to", **shown),
        ],
        **other,
    )


USER: Final[Sequence[Mapping[str, Any]]] = (
    _attribute(
        "userName",
        "The name at the provider; the NIP where it has given none",
        required=True,
        uniqueness="server",
    ),
    _attribute(
        "name",
        "The name; of its parts only the whole is kept",
        type="complex",
        subAttributes=[_attribute("formatted", "The whole name, the same as displayName")],
    ),
    _attribute("displayName", "The whole name"),
    _attribute("title", "The position"),
    _attribute("userType", "The category", canonicalValues=[each.value for each in Category]),
    _attribute(
        "active", "Whether the employee is in office: at work, on leave or studying", type="boolean"
    ),
    _references("groups", "The work unit", "Group", mutability="readOnly"),
)
EXTENSION: Final[Sequence[Mapping[str, Any]]] = (
    _attribute(
        "employeeNumber",
        "The NIP: a string of 18 digits, never a number",
        required=True,
        caseExact=True,
        uniqueness="server",
    ),
    _attribute("department", "The code of the work unit", required=True, caseExact=True),
)
GROUP: Final[Sequence[Mapping[str, Any]]] = (
    _attribute("displayName", "The name of the work unit", required=True),
    _references("members", "Who works directly in the unit", "User"),
)


def _described(kind: str, key: str, base: str) -> dict[str, str]:
    return {"resourceType": kind, "location": f"{base}/{kind}s/{key}"}


def schemas(base: str) -> list[dict[str, Any]]:
    """What a User and a Group are made of here: what is not named is not kept."""
    told = (
        (CORE_USER, "User", "An employee", USER),
        (ENTERPRISE, "EnterpriseUser", "What a government knows of an employee", EXTENSION),
        (CORE_GROUP, "Group", "A work unit", GROUP),
    )
    return [
        {
            "schemas": [SCHEMA],
            "id": urn,
            "name": name,
            "description": description,
            "attributes": list(attributes),
            "meta": _described("Schema", urn, base),
        }
        for urn, name, description, attributes in told
    ]


def resource_types(base: str) -> list[dict[str, Any]]:
    """The two kinds of resources."""
    user = {
        "schemas": [RESOURCE_TYPE],
        "id": "User",
        "name": "User",
        "endpoint": "/Users",
        "description": "An employee",
        "schema": CORE_USER,
        "schemaExtensions": [{"schema": ENTERPRISE, "required": True}],
        "meta": _described("ResourceType", "User", base),
    }
    group = {
        "schemas": [RESOURCE_TYPE],
        "id": "Group",
        "name": "Group",
        "endpoint": "/Groups",
        "description": "A work unit",
        "schema": CORE_GROUP,
        "meta": _described("ResourceType", "Group", base),
    }
    return [user, group]


def provider_config(base: str) -> dict[str, Any]:
    """Which optional parts of the protocol there are."""
    return {
        "schemas": [CONFIG],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST_LISTED},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "API key",
                "description": "Authorization: Bearer sm_live_… with the scopes of the operation",
                "primary": True,
            }
        ],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": f"{base}/ServiceProviderConfig",
        },
    }
