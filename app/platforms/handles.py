"""Turns what people paste (an address, a handle, an id) into a platform and a handle."""

import re
import unicodedata
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

from app.platforms.base import Platform
from app.platforms.handle_rules import RULES, SHORTENERS, HandleRule

MAX_PASTED = 2048

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


class HandleRefused(ValueError):
    """The text does not name one account on {title}; give its address, such as {example}."""

    code: ClassVar[str] = "refused"

    def __init__(self, rule: HandleRule | None = None) -> None:
        # The pasted text never enters the message: it may be a person's handle or more.
        title = rule.title if rule else "social media"
        example = rule.example if rule else "https://www.instagram.com/name"
        super().__init__((self.__doc__ or "").format(title=title, example=example))


class Empty(HandleRefused):
    """Nothing was given; paste the address of the profile, such as {example}."""

    code = "empty"


class TooLong(HandleRefused):
    """The text is too long to be one account; paste only the address, such as {example}."""

    code = "too_long"


class UnknownPlatform(HandleRefused):
    """The address is on a host that is not known; say which platform the account is on."""

    code = "unknown_platform"


class AmbiguousPlatform(HandleRefused):
    """A handle alone can be on any platform; say which, or paste the profile's address."""

    code = "ambiguous_platform"


class OtherHost(HandleRefused):
    """The address does not lead to {title}; paste one such as {example}."""

    code = "other_host"


class NotAProfile(HandleRefused):
    """The address is no profile's on {title}; paste the profile's own, such as {example}."""

    code = "not_a_profile"


class ShortLink(HandleRefused):
    """The link only leads on to a page; open it and paste the address it ends at."""

    code = "short_link"


class ReservedName(HandleRefused):
    """This is a page of {title} itself and not an account; paste an address such as {example}."""

    code = "reserved_name"


class BadHandle(HandleRefused):
    """This cannot be a handle on {title}; paste the profile's address, such as {example}."""

    code = "bad_handle"


@dataclass(frozen=True, slots=True)
class NormalizedAccount:
    """An account as its platform writes it.

    Where the text carried only a stable id, `handle` and `platform_id` are both that id.
    """

    platform: Platform
    handle: str
    platform_id: str | None = None


def normalize(text: str, platform: Platform | None = None) -> NormalizedAccount:
    """The account that a pasted text names; nothing is fetched.

    Raises:
        HandleRefused: a subclass, whose `code` and message say what is wrong and how to mend it.
    """
    rule = RULES[platform] if platform else None
    if len(text) > MAX_PASTED:
        raise TooLong(rule)
    pasted = _visible(text).rstrip("/")
    if not pasted:
        raise Empty(rule)
    if _has_gaps(pasted):
        raise BadHandle(rule)
    if "/" in pasted:
        return _from_address(pasted, platform)
    return _from_name(_visible(unquote(pasted)), platform)


def profile_url(platform: Platform, handle: str, platform_id: str | None = None) -> str:
    """The public page of an account: by its stable id where the platform has such pages.

    Raises:
        HandleRefused: the handle cannot be one of this platform's.
    """
    rule = RULES[platform]
    stable = platform_id if _is_stable_id(rule, platform_id or "") else None
    stable = stable or (account := _account(platform, handle)).platform_id
    if stable:
        return rule.id_url.format(id=quote(stable, safe=":"))
    name, _, host = account.handle.partition("@")
    return rule.url.format(name=quote(name), host=host)


def _visible(text: str) -> str:
    """The text without what nobody sees: marks of zero width and outer spaces."""
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf").strip()


def _has_gaps(text: str) -> bool:
    return any(sign.isspace() or unicodedata.category(sign) == "Cc" for sign in text)


def _is_stable_id(rule: HandleRule, text: str) -> bool:
    return rule.stable_id is not None and rule.stable_id.fullmatch(text) is not None


def _from_name(name: str, platform: Platform | None) -> NormalizedAccount:
    bare = name.removeprefix("@")
    if platform is None:
        if _is_stable_id(RULES[Platform.BLUESKY], bare):
            return _account(Platform.BLUESKY, bare)
        if bare != name and RULES[Platform.MASTODON].handle.fullmatch(bare.lower()):
            return _account(Platform.MASTODON, bare)
        if _owner_of(bare.lower()) or bare.lower() in SHORTENERS:
            raise NotAProfile
        raise AmbiguousPlatform
    return _account(platform, bare, sigil=bare != name)


def _account(platform: Platform, name: str, *, sigil: bool = False) -> NormalizedAccount:
    rule = RULES[platform]
    # Lower-casing turns some foreign letters into plain ones, so look before.
    if rule.ascii_only and not name.isascii():
        raise BadHandle(rule)
    handle = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).lower())
    stable = handle if sigil else name
    if _is_stable_id(rule, stable):
        return NormalizedAccount(platform, stable, stable)
    if rule.home and "." not in handle:
        handle += rule.home
    if not rule.handle.fullmatch(handle):
        raise BadHandle(rule)
    if handle in rule.reserved:
        raise ReservedName(rule)
    # On Bluesky a handle is a domain, so even a platform's host may be one; elsewhere a host
    # was pasted without the path to the profile.
    if platform is not Platform.BLUESKY and _owner_of(handle):
        raise NotAProfile(rule)
    if _owner_of(handle.partition("@")[2]) not in {None, Platform.MASTODON}:
        raise OtherHost(rule)
    return NormalizedAccount(platform, handle)


def _owner_of(host: str) -> Platform | None:
    return next((p for p, rule in RULES.items() if rule.hosts.fullmatch(host)), None)


def _from_address(pasted: str, platform: Platform | None) -> NormalizedAccount:
    parts, host = _split(pasted, RULES[platform] if platform else None)
    if host in SHORTENERS:
        raise ShortLink
    owner = _owner_of(host)
    # Every other platform lives on its own hosts; a Mastodon server can be anywhere else.
    fits = owner is platform or (platform is Platform.MASTODON and owner is None)
    if platform is not None and not fits:
        raise OtherHost(RULES[platform])
    platform = platform or owner
    if platform is None:
        raise UnknownPlatform
    rule = RULES[platform]
    for target in _targets(parts, rule):
        if rule.leads_on and rule.leads_on.fullmatch(target):
            raise ShortLink(rule)
        for route in rule.routes:
            if found := route.fullmatch(target):
                groups = found.groupdict()
                name = groups["name"]
                if platform is Platform.MASTODON:
                    name = f"{name}@{groups.get('host') or host}"
                return _account(platform, name, sigil="at" in groups)
    raise NotAProfile(rule)


def _split(pasted: str, rule: HandleRule | None) -> tuple[SplitResult, str]:
    """The parts and the host of an address that has no user, odd port or look-alike letters."""
    scheme = _SCHEME.match(pasted)
    if (scheme and scheme[1].lower() not in {"http", "https"}) or "\\" in pasted:
        raise OtherHost(rule)
    rest = pasted[scheme.end() :] if scheme else pasted.removeprefix("//")
    try:
        parts = urlsplit(f"https://{rest}")
        plain = parts.netloc.isascii() and "@" not in parts.netloc and parts.port in {None, 80, 443}
    except ValueError:
        # The parser's own message repeats the host, which must not be shown.
        raise OtherHost(rule) from None
    if not plain:
        raise OtherHost(rule)
    return parts, (parts.hostname or "").rstrip(".")


def _targets(parts: SplitResult, rule: HandleRule) -> list[str]:
    """The decoded path as routes see it: with a telling query key first, then without."""
    # Addresses of the form /#!/name keep the path behind the hash.
    raw = parts.fragment[1:] if parts.fragment.startswith("!/") else parts.path
    segments = [_visible(unquote(piece)) for piece in raw.split("/") if piece]
    if any(_has_gaps(piece) or set(piece) & set("/\\?#") for piece in segments):
        raise NotAProfile(rule)
    path = "/".join(segments)
    given = parse_qs(parts.query)
    return [f"{path}?{key}={given[key][0]}" for key in rule.query if key in given] + [path]
