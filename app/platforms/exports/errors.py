"""Why an uploaded export is refused; a class's docstring is the message that a person reads.

ExportRefused
  EmptyFile  NotAnExport  HtmlExport      the file is not data that can be read
  OtherPlatform  FollowingList            an export, but not of this
  NotFollowers  NoFollowersFile           an export without the list of followers
  SameListTwice                           more than one export in one archive
  Encrypted  TooLarge  Damaged            an archive or file that cannot be read safely
"""

from typing import ClassVar


class ExportRefused(Exception):
    """The file is not an export with a list of followers."""

    code: ClassVar[str] = "refused"

    def __init__(self, **fields: object) -> None:
        super().__init__((self.__doc__ or "").format(**fields))


class EmptyFile(ExportRefused):
    """The file is empty; download the export again and upload it unchanged."""

    code = "empty_file"


class NotAnExport(ExportRefused):
    """The file is neither a ZIP archive nor JSON; upload the export as it was downloaded."""

    code = "not_an_export"


class HtmlExport(ExportRefused):
    """The export is in HTML; request it again and choose JSON when requesting."""

    code = "html_export"


class OtherPlatform(ExportRefused):
    """The file is an export of {platform}; upload the official account's export of Instagram."""

    code = "other_platform"


class FollowingList(ExportRefused):
    """The file lists whom the account follows; upload the whole ZIP or followers_1.json."""

    code = "following_list"


class NotFollowers(ExportRefused):
    """The file is JSON but no list of followers; upload the whole ZIP or followers_1.json."""

    code = "not_followers"


class NoFollowersFile(ExportRefused):
    """The archive holds no list of followers; request "Followers and following" as JSON."""

    code = "no_followers_file"


class SameListTwice(ExportRefused):
    """The archive holds the same part of the list twice; upload one export, unchanged."""

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
