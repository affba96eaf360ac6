"""Why an uploaded export is refused; a class's docstring is the message that a person reads.

ExportRefused
  EmptyFile  NotAnExport                  the file is not data that can be read
  HtmlExport  TextExport                  an export in a form that is made for reading only
  OtherPlatform  NamesOnly                an export of a platform, but without usable lists
  FollowingList                           a list of those whom an account follows
  NotFollowers  NoFollowersFile           an export without the list of followers
  SameListTwice                           more than one export in one file
  Encrypted  TooLarge  Damaged            an archive or file that cannot be read safely
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

from app.platforms.base import Platform


@dataclass(frozen=True, slots=True)
class _Words:
    """How one platform calls itself, its file with the followers, and what to ask it for."""

    title: str
    file: str
    request: str
    form: str = "request it again and choose JSON"


_ANY: Final = _Words(
    "the account's platform", "the file with the followers", "the followers as JSON"
)
_WORDS: Final[Mapping[Platform, _Words]] = MappingProxyType({
    Platform.INSTAGRAM: _Words(
        "Instagram", "followers_1.json", '"Followers and following" for all time, as JSON'
    ),
    Platform.THREADS: _Words(
        "Threads",
        "threads/followers.json",
        "Instagram's export with Threads for all time, as JSON",
    ),
    Platform.TIKTOK: _Words("TikTok", "user_data_tiktok.json", "all data as JSON"),
    Platform.X: _Words(
        "X",
        "data/follower.js",
        "the archive of your data, which holds data/follower.js",
        form="upload the archive's ZIP as it was downloaded",
    ),
    Platform.YOUTUBE: _Words("YouTube", "subscriptions.csv", "YouTube's subscriptions"),
    Platform.FACEBOOK: _Words("Facebook", "the ZIP", "the official account's own export"),
    Platform.MASTODON: _Words("Mastodon", "following_accounts.csv", "the list of follows"),
})  # fmt: skip


def title_of(platform: Platform) -> str:
    """What a platform calls itself."""
    words = _WORDS.get(platform, _ANY)
    return words.title


class ExportRefused(Exception):
    """The file is not an export with a list of followers."""

    code: ClassVar[str] = "refused"

    def __init__(self, platform: Platform | None = None, **fields: object) -> None:
        words = _WORDS.get(platform, _ANY) if platform else _ANY
        super().__init__(
            (self.__doc__ or "").format(
                title=words.title, file=words.file, request=words.request, form=words.form, **fields
            )
        )


class EmptyFile(ExportRefused):
    """The file is empty; download the export again and upload it unchanged."""

    code = "empty_file"


class NotAnExport(ExportRefused):
    """The file is no export of a known platform; upload the ZIP or {file} as it was downloaded."""

    code = "not_an_export"


class HtmlExport(ExportRefused):
    """The export is in HTML, which is made for reading only; {form}."""

    code = "html_export"


class TextExport(ExportRefused):
    """The export is plain text, which is made for reading only; {form}."""

    code = "text_export"


class OtherPlatform(ExportRefused):
    """The file is an export of {found}; upload the official account's own export of {title}."""

    code = "other_platform"


class NamesOnly(ExportRefused):
    """Facebook's files hold display names, which many people share: nobody can be told by them."""

    code = "names_only"


class FollowingList(ExportRefused):
    """The file lists whom an account follows; upload the official account's own ZIP or {file}."""

    code = "following_list"


class NotFollowers(ExportRefused):
    """The file is JSON but no list of followers; upload the whole ZIP or {file}."""

    code = "not_followers"


class NoFollowersFile(ExportRefused):
    """The archive holds no list of followers; from {title}, request {request}."""

    code = "no_followers_file"


class SameListTwice(ExportRefused):
    """The same list, or part of it, is there twice; upload one export, unchanged."""

    code = "same_list_twice"


class Encrypted(ExportRefused):
    """The archive asks for a password; upload the export as it was downloaded."""

    code = "encrypted"


class TooLarge(ExportRefused):
    """The archive is larger or packed more tightly than any export; upload it unchanged."""

    code = "too_large"


class Damaged(ExportRefused):
    """The file is damaged or incomplete; download the export again and upload it unchanged."""

    code = "damaged"
