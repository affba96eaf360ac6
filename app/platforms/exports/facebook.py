"""Facebook's export, which is recognised only to be refused: it holds display names.

Source: platforms.md section 9 ("Facebook names are not identifiers: never auto-match").
"""

import re

NAME = re.compile(
    r"(?:.*/)?(?:your_facebook_activity/.*|connections/followers/.*"
    r"|(?:pages_and_profiles_you_follow|pages_you.ve_liked|who_you.ve_followed)\.(?:json|html))",
    re.IGNORECASE,
)
KEYS = frozenset({
    "following_v3", "followers_v3", "friends_v2", "page_likes_v2", "pages_followed_v2",
})  # fmt: skip
