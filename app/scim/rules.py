"""What SCIM says of an employee and of a work unit, and how much the registry keeps of it; pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.employees.rules import Category, NipRefused, Standing, mask_nip, parse_nip

CORE_USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LONGEST_TEXT: Final = 300
LONGEST_PATH: Final = 1000
NIP_LIKE = re.compile(r"(?<![0-9])[0-9]{18}(?![0-9])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# What the registry keeps of a User, by its plain path.
KEPT: Final = frozenset({
    "externalid", "username", "displayname", "name.formatted", "name.givenname",
    "name.familyname", "active", "usertype", "title", "employeenumber", "department",
    "organization",
})  # fmt: skip
# What RFC 7643 knows of besides, and the registry has no need of: taken, and not kept.
NOT_KEPT: Final = frozenset({
    "addresses", "emails", "entitlements", "ims", "locale", "nickname", "password",
    "phonenumbers", "photos", "preferredlanguage", "profileurl", "roles", "timezone",
    "x509certificates", "costcenter", "division", "manager", "name",
})  # fmt: skip
READ_ONLY: Final = frozenset({"id", "meta", "groups", "schemas"})
MAY_GO: Final = frozenset({"externalid", "title"})
# Whose account an identity provider keeps open; the others have left, or were stopped.
IN_OFFICE: Final = frozenset({Standing.ACTIVE, Standing.ON_LEAVE, Standing.STUDY})


class FaultKind(StrEnum):
    """The `scimType` of an error (RFC 7644, table 9)."""

    FILTER = "invalidFilter"
    PATH = "invalidPath"
    VALUE = "invalidValue"
    SYNTAX = "invalidSyntax"
    MUTABILITY = "mutability"
    NO_TARGET = "noTarget"


class Fault(ValueError):
    """A request cannot be carried out as it is; the words never quote a value."""

    def __init__(self, kind: FaultKind, words: str) -> None:
        self.kind = kind
        super().__init__(words)


@dataclass(frozen=True, slots=True)
class UserWish:
    """What a client wants of a User. None: nothing was said of it; `gone` names what it removes."""

    external_id: str | None = None
    user_name: str | None = None
    name: str | None = None
    active: bool | None = None
    category: Category | None = None
    position: str | None = None
    nip: str | None = None
    unit_code: str | None = None
    gone: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class GroupWish:
    """What a client wants of a Group: `joining` work there from now on."""

    display_name: str | None = None
    external_id: str | None = None
    joining: tuple[UUID, ...] = ()


def plain_path(path: str) -> str:
    """A path in small letters and without the schema that it may name."""
    lowered = path.lower()
    for schema in (CORE_USER, CORE_GROUP, ENTERPRISE):
        if lowered.startswith(f"{schema.lower()}:"):
            return lowered[len(schema) + 1 :]
    return lowered


def attributes_of(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A resource by plain paths, however it nests what belongs to `name` or to an extension."""
    found: dict[str, Any] = {}
    for key, value in resource.items():
        path = plain_path(key)
        if path in {ENTERPRISE.lower(), CORE_USER.lower(), CORE_GROUP.lower()}:
            if not isinstance(value, Mapping):
                raise Fault(FaultKind.SYNTAX, "the value of a schema is an object")
            found |= attributes_of_extension(value)
        elif path == "name" and isinstance(value, Mapping):
            found |= {f"name.{str(part).lower()}": told for part, told in value.items()}
        else:
            found[path] = value
    return found


def attributes_of_extension(value: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes below the name of a schema; deeper ones are no schema's."""
    return {plain_path(str(key)): told for key, told in value.items()}


def user_wish(attributes: Mapping[str, Any]) -> UserWish:
    """What attributes by plain paths want of a User; those that nobody keeps are passed over.

    Raises:
        Fault: a value is not of the kind that its attribute has.
    """
    told = {path: single(value) for path, value in attributes.items() if path in KEPT}
    # Providers send null or an empty text for what nobody filled in.
    empty = frozenset(path for path, value in told.items() if value is None or value == "")
    told = {path: value for path, value in told.items() if path not in empty}
    texts = {path: text_of(path, value) for path, value in told.items() if path != "active"}
    return UserWish(
        external_id=texts.get("externalid"),
        user_name=texts.get("username"),
        name=_name(texts),
        active=_boolean(told["active"]) if "active" in told else None,
        category=_category(texts.get("usertype")),
        position=texts.get("title"),
        nip=texts.get("employeenumber"),
        unit_code=texts.get("department", texts.get("organization")),
        gone=empty & MAY_GO,
    )


def single(value: Any) -> Any:
    """One value, also where it is sent as a list of one, or as an object that holds it."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, Mapping):
        folded = {str(key).lower(): told for key, told in value.items()}
        if "value" in folded:
            return folded["value"]
    return value


def text_of(path: str, value: Any) -> str:
    """A line of text.

    Raises:
        Fault: it is none; a number as NIP is told apart, since its digits are lost already.
    """
    if path == "employeenumber" and not isinstance(value, str):
        raise Fault(
            FaultKind.VALUE,
            "employeeNumber is the NIP, a string of 18 digits: a JSON number loses digits, so send"
            ' it in quotes, as "employeeNumber": "…"',
        )
    if not isinstance(value, str) or not value.strip():
        raise Fault(FaultKind.VALUE, f"{path} is a text")
    if len(value.strip()) > LONGEST_TEXT or _CONTROL.search(value):
        raise Fault(FaultKind.VALUE, f"{path} is one line of at most {LONGEST_TEXT} characters")
    return value.strip()


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    # Entra ID sends "True" and "False" as texts unless it is told to keep to the standard.
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise Fault(FaultKind.VALUE, "active is true or false")


def _name(texts: Mapping[str, str]) -> str | None:
    if "displayname" in texts:
        return texts["displayname"]
    if "name.formatted" in texts:
        return texts["name.formatted"]
    parts = [texts.get("name.givenname"), texts.get("name.familyname")]
    # One part alone would cut the name; many people have only one, so both must be told.
    known = [part for part in parts if part is not None]
    return " ".join(known) if len(known) == len(parts) else None


def _category(text: str | None) -> Category | None:
    if text is None:
        return None
    try:
        return Category(text.lower())
    except ValueError:
        told = ", ".join(Category)
        raise Fault(FaultKind.VALUE, f"userType is one of {told}") from None


def category_of(nip: str) -> Category:
    """The category that the NIP itself tells: a month of appointment, or the code of a contract.

    Raises:
        NipRefused: it is no NIP.
    """
    try:
        parse_nip(nip, Category.PNS)
    except NipRefused:
        parse_nip(nip, Category.PPPK)
        return Category.PPPK
    return Category.PNS


def standing_for(*, active: bool | None, present: Standing) -> Standing:
    """The standing after a client has said whether a User is active.

    Raises:
        Fault: an officer has suspended or dismissed them, which no account undoes.
    """
    if active is None or active == (present in IN_OFFICE):
        return present
    if not active:
        return Standing.RETIRED
    if present is not Standing.RETIRED:
        raise Fault(
            FaultKind.MUTABILITY,
            "an officer has suspended or dismissed this employee; only an officer ends that",
        )
    return Standing.ACTIVE


def hidden_nip(text: str, nip: str) -> str:
    """A text in which a NIP does not show."""
    return text.replace(nip, mask_nip(nip)) if nip else text


def names_nip(text: str) -> bool:
    """Whether a text may be a NIP, or hold one."""
    return NIP_LIKE.search(text) is not None


def trimmed(
    resource: Mapping[str, Any], wanted: frozenset[str], unwanted: frozenset[str]
) -> dict[str, Any]:
    """The attributes that were asked for, by plain paths; `schemas` and `id` are always told."""
    return dict(_trimmed(resource, wanted, unwanted))


def _trimmed(
    resource: Mapping[str, Any], wanted: frozenset[str], unwanted: frozenset[str]
) -> Iterator[tuple[str, Any]]:
    for key, value in resource.items():
        if key in {"schemas", "id"}:
            yield key, value
            continue
        own = "" if key == ENTERPRISE else f"{key.lower()}."
        whole = key.lower()
        if whole in unwanted:
            continue
        if not isinstance(value, Mapping):
            if not wanted or whole in {each.partition(".")[0] for each in wanted}:
                yield key, value
            continue
        parts = {
            part: told
            for part, told in value.items()
            if f"{own}{part.lower()}" not in unwanted
            and (not wanted or whole in wanted or f"{own}{part.lower()}" in wanted)
        }
        if parts:
            yield key, parts


def group_wish(attributes: Mapping[str, Any]) -> GroupWish:
    """What attributes by plain paths want of a Group.

    Raises:
        Fault: a value is not of the kind that its attribute has.
    """
    told = {
        path: text_of(path, single(attributes[path]))
        for path in ("displayname", "externalid")
        if attributes.get(path) not in (None, "")
    }
    return GroupWish(
        told.get("displayname"), told.get("externalid"), members_of(attributes.get("members"))
    )


def members_of(value: Any) -> tuple[UUID, ...]:
    """The ids of members, each once, in the order in which they were sent.

    Raises:
        Fault: what was sent holds no ids.
    """
    sent = value if isinstance(value, list) else [] if value is None else [value]
    return tuple(dict.fromkeys(_member(each) for each in sent))


def _member(value: Any) -> UUID:
    told = single(value)
    try:
        return UUID(told if isinstance(told, str) else "")
    except ValueError:
        raise Fault(FaultKind.VALUE, "a member is the id of a User") from None
