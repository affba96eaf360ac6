"""What people paste becomes the account they meant, or a refusal that says how to mend it."""

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.platforms.base import Platform
from app.platforms.handles import (
    MAX_PASTED,
    HandleRefused,
    NormalizedAccount,
    normalize,
    profile_url,
)

UC = "UC1JTQBa5QxZCpXrFSkMxmPw"
DID = "did:plc:z72i7hdynmk6r22z27h6tvur"

BLUESKY, FACEBOOK, INSTAGRAM, MASTODON, THREADS, TIKTOK, X, YOUTUBE = Platform

ACCOUNTS: list[tuple[str, Platform | None, Platform, str, str | None]] = [
    ("https://www.instagram.com/budi.asn/", None, INSTAGRAM, "budi.asn", None),
    ("https://www.instagram.com/budi.asn/?hl=id&igshid=MzRl", None, INSTAGRAM, "budi.asn", None),
    ("instagram.com/Budi.ASN", None, INSTAGRAM, "budi.asn", None),
    ("HTTP://M.Instagram.COM/budi.asn", None, INSTAGRAM, "budi.asn", None),
    ("https://instagr.am/budi.asn", None, INSTAGRAM, "budi.asn", None),
    ("https://www.instagram.com/_u/budi.asn", None, INSTAGRAM, "budi.asn", None),
    ("https://www.instagram.com//budi.asn//", None, INSTAGRAM, "budi.asn", None),
    ("https://www.instagram.com/%62udi.asn%20", None, INSTAGRAM, "budi.asn", None),
    ("https://www.instagram.com/budi.asn/reels/", None, INSTAGRAM, "budi.asn", None),
    ("https://instagram.com:443/budi.asn", None, INSTAGRAM, "budi.asn", None),
    ("https://instagram.com./budi.asn", None, INSTAGRAM, "budi.asn", None),
    ("//instagram.com/budi.asn", None, INSTAGRAM, "budi.asn", None),
    ("instagram.com/budi?next=https://evil.com/", None, INSTAGRAM, "budi", None),
    ("\u200b @Budi.ASN\u200e \u00a0", INSTAGRAM, INSTAGRAM, "budi.asn", None),
    ("%40budi.asn", INSTAGRAM, INSTAGRAM, "budi.asn", None),
    ("budi_99", INSTAGRAM, INSTAGRAM, "budi_99", None),
    ("insta\u200bgram.com/budi", None, INSTAGRAM, "budi", None),
    ("https://www.threads.net/@budi.asn?xmt=AQG", None, THREADS, "budi.asn", None),
    ("threads.com/@budi.asn/replies", None, THREADS, "budi.asn", None),
    ("@budi", THREADS, THREADS, "budi", None),
    ("https://id-id.facebook.com/Pemprov.Sumsel?_rdr", None, FACEBOOK, "pemprov.sumsel", None),
    ("m.facebook.com/pemprovsumsel/", None, FACEBOOK, "pemprovsumsel", None),
    ("fb.com/pemprovsumsel", None, FACEBOOK, "pemprovsumsel", None),
    ("facebook.com/Dinas-Kominfo-1234567890", None, FACEBOOK, "dinas-kominfo-1234567890", None),
    (
        "https://www.facebook.com/profile.php?id=100044561550831&mibextid=x",
        None,
        FACEBOOK,
        "100044561550831",
        "100044561550831",
    ),
    ("facebook.com/people/Budi-A/100044561/", None, FACEBOOK, "100044561", "100044561"),
    ("facebook.com/p/Budi-A-100044561/", None, FACEBOOK, "100044561", "100044561"),
    ("facebook.com/pages/Dinas/100044561", None, FACEBOOK, "100044561", "100044561"),
    ("facebook.com/pg/pemprovsumsel/about", None, FACEBOOK, "pemprovsumsel", None),
    ("https://www.tiktok.com/@Budi.Asn?lang=id-ID&_t=8x", None, TIKTOK, "budi.asn", None),
    ("m.tiktok.com/%40budi", None, TIKTOK, "budi", None),
    ("tiktok.com/@6820838815978423302", None, TIKTOK, "6820838815978423302", None),
    ("https://twitter.com/Budi_ASN?s=20", None, X, "budi_asn", None),
    ("https://mobile.twitter.com/@budi_asn", None, X, "budi_asn", None),
    ("https://x.com/#!/budi_asn", None, X, "budi_asn", None),
    ("https://x.com/intent/follow?screen_name=Budi_ASN&ref=x", None, X, "budi_asn", None),
    ("12345", X, X, "12345", None),
    ("https://www.youtube.com/@Budi.ASN?si=abc", None, YOUTUBE, "budi.asn", None),
    ("https://m.youtube.com/@budi/videos", None, YOUTUBE, "budi", None),
    ("youtube.co.id/@budi", None, YOUTUBE, "budi", None),
    ("https://www.youtube.com/@%D0%91%D1%83%D0%B4%D0%B8", None, YOUTUBE, "буди", None),
    (f"https://www.youtube.com/channel/{UC}/featured", None, YOUTUBE, UC, UC),
    (UC, YOUTUBE, YOUTUBE, UC, UC),
    (f"@{UC}", YOUTUBE, YOUTUBE, UC.lower(), None),
    ("https://bsky.app/profile/Budi.bsky.social", None, BLUESKY, "budi.bsky.social", None),
    (f"https://bsky.app/profile/{DID.replace(':', '%3A')}", None, BLUESKY, DID, DID),
    (DID, None, BLUESKY, DID, DID),
    ("@budi", BLUESKY, BLUESKY, "budi.bsky.social", None),
    ("sumselprov.go.id", BLUESKY, BLUESKY, "sumselprov.go.id", None),
    ("@bsky.app", BLUESKY, BLUESKY, "bsky.app", None),
    ("@Budi@Mastodon.Social", None, MASTODON, "budi@mastodon.social", None),
    ("budi@sosial.go.id", MASTODON, MASTODON, "budi@sosial.go.id", None),
    ("https://mastodon.social/@budi", None, MASTODON, "budi@mastodon.social", None),
    ("https://sosial.go.id/@budi/with_replies", MASTODON, MASTODON, "budi@sosial.go.id", None),
    ("https://sosial.go.id/users/budi", MASTODON, MASTODON, "budi@sosial.go.id", None),
    ("https://mastodon.social/@budi@sosial.go.id", None, MASTODON, "budi@sosial.go.id", None),
]

REFUSED: list[tuple[str, Platform | None, str]] = [
    ("", None, "empty"),
    (" \u200b\u00a0/ ", None, "empty"),
    ("a" * (MAX_PASTED + 1), INSTAGRAM, "too_long"),
    ("@budi", None, "ambiguous_platform"),
    ("budi.bsky.social", None, "ambiguous_platform"),
    (UC, None, "ambiguous_platform"),
    ("budi@sosial.go.id", None, "ambiguous_platform"),
    ("https://sosial.go.id/@budi", None, "unknown_platform"),
    ("https://evil.com/instagram.com/budi", None, "unknown_platform"),
    ("https://instagram.com.evil.com/budi", None, "unknown_platform"),
    ("https://evilinstagram.com/budi", None, "unknown_platform"),
    ("https://instagram.com/budi", TIKTOK, "other_host"),
    ("https://sosial.go.id/@budi", INSTAGRAM, "other_host"),
    ("https://instagram.com/@budi", MASTODON, "other_host"),
    ("@budi@threads.net", None, "other_host"),
    ("https://instagram.com@evil.com/budi", None, "other_host"),
    ("https://instagram.com%40evil.com/budi", INSTAGRAM, "other_host"),
    ("https://evil.com\\@instagram.com/budi", None, "other_host"),
    ("https://instagram.com\\.evil.com/budi", None, "other_host"),
    ("https://instagram.com:8080/budi", None, "other_host"),
    ("https://instagram.com:x/budi", None, "other_host"),
    ("https://[instagram.com/budi", None, "other_host"),
    ("https://\u0131nstagram.com/budi", None, "other_host"),
    ("https://instagr\u0430m.com/budi", INSTAGRAM, "other_host"),
    ("https://\uff49\uff4e\uff53\uff54\uff41gram.com/budi", INSTAGRAM, "other_host"),
    ("https://xn--instagrm-2fg.com/budi", INSTAGRAM, "other_host"),
    ("https://xn--mastodn-f1a.social/@budi", MASTODON, "bad_handle"),
    ("https://127.0.0.1/@budi", MASTODON, "bad_handle"),
    ("https://localhost/@budi", MASTODON, "bad_handle"),
    ("https://db.internal/@budi", MASTODON, "bad_handle"),
    ("javascript:alert(1)//instagram.com/budi", None, "other_host"),
    ("ftp://instagram.com/budi", None, "other_host"),
    ("instagram://user/budi", None, "other_host"),
    ("https://www.instagram.com/", None, "not_a_profile"),
    ("instagram.com", None, "not_a_profile"),
    ("instagram.com", INSTAGRAM, "not_a_profile"),
    ("https://www.instagram.com/p/C1aBcD/", None, "not_a_profile"),
    ("https://www.instagram.com/budi/p/C1aBcD/", None, "not_a_profile"),
    ("https://www.instagram.com/reel/C1aBcD/?igsh=1", None, "not_a_profile"),
    ("https://www.instagram.com/stories/budi/123/", None, "not_a_profile"),
    ("https://www.instagram.com/budi%2Fasn", None, "not_a_profile"),
    ("https://www.threads.net/@budi/post/C1a", None, "not_a_profile"),
    ("https://www.facebook.com/pemprov/posts/123", None, "not_a_profile"),
    ("https://www.facebook.com/permalink.php?story_fbid=1&id=100044561", None, "not_a_profile"),
    ("https://www.facebook.com/groups/12345", None, "not_a_profile"),
    ("https://www.facebook.com/profile.php%3Fid=100044561", None, "not_a_profile"),
    ("https://www.tiktok.com/@budi/video/7300", None, "not_a_profile"),
    ("https://www.tiktok.com/budi", None, "not_a_profile"),
    ("https://x.com/budi/status/12345", None, "not_a_profile"),
    ("https://x.com/i/user/12345", None, "not_a_profile"),
    ("https://www.youtube.com/watch?v=abc", None, "not_a_profile"),
    ("https://www.youtube.com/shorts/abc", None, "not_a_profile"),
    ("https://bsky.app/profile/budi.bsky.social/post/3k", None, "not_a_profile"),
    ("https://mastodon.social/@budi/11111", None, "not_a_profile"),
    ("https://www.instagram.com/explore", None, "reserved_name"),
    ("reels", INSTAGRAM, "reserved_name"),
    ("https://www.facebook.com/watch", None, "reserved_name"),
    ("https://x.com/home", None, "reserved_name"),
    ("https://vm.tiktok.com/ZMabc/", None, "short_link"),
    ("https://vt.tiktok.com/ZSabc/", TIKTOK, "short_link"),
    ("https://www.tiktok.com/t/ZMabc/", None, "short_link"),
    ("https://www.facebook.com/share/1AbC/", None, "short_link"),
    ("https://fb.me/share/1AbC", None, "short_link"),
    ("https://l.facebook.com/l.php?u=https%3A%2F%2Finstagram.com%2Fbudi", None, "short_link"),
    ("https://www.instagram.com/share/BAbc", None, "short_link"),
    ("https://s.id/budi", INSTAGRAM, "short_link"),
    ("https://youtu.be/abc", None, "short_link"),
    ("https://www.youtube.com/c/Budi", None, "short_link"),
    ("https://www.youtube.com/user/Budi", None, "short_link"),
    ("https://www.youtube.com/Budi", None, "short_link"),
    ("https://mastodon.social/ap/users/117", None, "short_link"),
    ("budi..asn", INSTAGRAM, "bad_handle"),
    ("budi.", INSTAGRAM, "bad_handle"),
    (".budi", INSTAGRAM, "bad_handle"),
    ("b" * 31, INSTAGRAM, "bad_handle"),
    ("budi asn", INSTAGRAM, "bad_handle"),
    ("@", INSTAGRAM, "bad_handle"),
    ("\ud800budi", YOUTUBE, "bad_handle"),
    ("budi\u212a", INSTAGRAM, "bad_handle"),
    ("@budi-asn", X, "bad_handle"),
    ("a" * 16, X, "bad_handle"),
    ("b", TIKTOK, "bad_handle"),
    ("budi.", TIKTOK, "bad_handle"),
    ("budi", FACEBOOK, "bad_handle"),
    ("index.php", FACEBOOK, "bad_handle"),
    ("budi", MASTODON, "bad_handle"),
    ("handle.invalid", BLUESKY, "bad_handle"),
    ("did:plc:short", BLUESKY, "bad_handle"),
    ("ab", YOUTUBE, "bad_handle"),
]


@pytest.mark.parametrize(
    ("text", "told", "platform", "handle", "platform_id"),
    [pytest.param(*case, id=f"{case[2]}-{n}") for n, case in enumerate(ACCOUNTS)],
)
def test_pasted_text_names_the_account(text, told, platform, handle, platform_id):
    assert normalize(text, told) == NormalizedAccount(platform, handle, platform_id)


@pytest.mark.parametrize(
    ("text", "told", "code"),
    [pytest.param(*case, id=f"{case[2]}-{n}") for n, case in enumerate(REFUSED)],
)
def test_what_names_no_account_is_refused_with_a_reason(text, told, code):
    with pytest.raises(HandleRefused) as refusal:
        normalize(text, told)
    assert refusal.value.code == code
    assert "{" not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


def test_codes_of_refusals_are_a_closed_set():
    assert {kind.code for kind in HandleRefused.__subclasses__()} == {
        "unknown_platform",
        "ambiguous_platform",
        "not_a_profile",
        "reserved_name",
        "short_link",
        "bad_handle",
        "other_host",
        "empty",
        "too_long",
    }


def test_a_refusal_never_repeats_what_was_pasted():
    for text, told, _ in REFUSED:
        with pytest.raises(HandleRefused) as refusal:
            normalize(text.replace("budi", "zqzq"), told)
        assert "zqzq" not in str(refusal.value)


@pytest.mark.parametrize(
    ("platform", "handle", "platform_id", "url"),
    [
        (INSTAGRAM, "budi.asn", "178414", "https://www.instagram.com/budi.asn/"),
        (FACEBOOK, "pemprov", "100044561", "https://www.facebook.com/profile.php?id=100044561"),
        (YOUTUBE, "budi", UC, f"https://www.youtube.com/channel/{UC}"),
        (YOUTUBE, "буди", None, "https://www.youtube.com/@%D0%B1%D1%83%D0%B4%D0%B8"),
        (BLUESKY, "handle.invalid", DID, f"https://bsky.app/profile/{DID}"),
        (MASTODON, "budi@sosial.go.id", None, "https://sosial.go.id/@budi"),
        (X, "budi", "12345", "https://x.com/budi"),
    ],
)
def test_profile_url_prefers_the_stable_id(platform, handle, platform_id, url):
    assert profile_url(platform, handle, platform_id) == url


@pytest.mark.parametrize("handle", ["../p/C1a", "evil.com/budi", "budi@evil.com", "a b", ""])
def test_profile_url_refuses_what_is_no_handle(handle):
    with pytest.raises(HandleRefused):
        profile_url(INSTAGRAM, handle)


PIECES = st.sampled_from(
    [
        *(
            "https://",
            "//",
            "/",
            "@",
            "?",
            "#",
            "#!/",
            "%2F",
            "%40",
            "\\",
            ":",
            ".",
            " ",
            "..",
            "&",
        ),
        *("www.", "m.", "instagram.com", "x.com", "youtube.com", "bsky.app", "tiktok.com"),
        *("facebook.com", "threads.net", "mastodon.social", "evil.com", "profile/", "channel/"),
        *("profile.php?id=", "intent/user?screen_name=", "budi", "1234567", UC, DID, "İ", "ﬀ"),
    ]
)
PASTED = st.lists(PIECES | st.text(max_size=6), max_size=8).map("".join) | st.text()
PLATFORMS = st.sampled_from(Platform)
HOSTS = {
    BLUESKY: "bsky.app",
    FACEBOOK: "www.facebook.com",
    INSTAGRAM: "www.instagram.com",
    THREADS: "www.threads.com",
    TIKTOK: "www.tiktok.com",
    X: "x.com",
    YOUTUBE: "www.youtube.com",
}


BASES = [
    *("www.instagram.com/", "instagram.com/_u/", "threads.net/@", "tiktok.com/@", "x.com/%40"),
    *("m.facebook.com/", "facebook.com/people/a/", "facebook.com/profile.php?id="),
    *("x.com/intent/user?screen_name=", "youtube.com/@", "youtube.com/channel/"),
    *("bsky.app/profile/", "mastodon.social/@", "mastodon.online/users/"),
]
PROFILES = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "https://", "http://", "//", " HTTPS://"]),
    st.sampled_from(BASES),
    st.sampled_from([UC, DID, "1234567", "budi@sosial.go.id", "instagram.com"])
    | st.text("abcxyzABCXYZ019._-", min_size=3, max_size=20)
    | st.text(st.characters(categories=["L", "N"]), min_size=3, max_size=12),
    st.sampled_from(["", "/", "?hl=id", "#top", "/videos", "/status/1", " \u200b"]),
)


@given(paste=st.tuples(PASTED, st.none() | PLATFORMS) | st.tuples(PROFILES, st.none()))
@example(paste=("https://www.instagram.com/instagram.com", None))
@example(paste=("@12345678", FACEBOOK))
@example(paste=("https://www.youtube.com/@\u0130stanbul", None))
def test_normalizing_again_changes_nothing(paste):
    text, platform = paste
    try:
        account = normalize(text, platform)
    except HandleRefused:
        # A refusal is a right answer here; any other error is not.
        return
    assert platform in {None, account.platform}
    url = profile_url(account.platform, account.handle, account.platform_id)
    assert normalize(account.handle, account.platform) == account
    assert normalize(url, account.platform) == account
    home = account.handle.partition("@")[2]
    assert urlsplit(url).netloc == HOSTS.get(account.platform, home)


@given(
    platform=PLATFORMS,
    name=st.from_regex(r"[a-zA-Z][a-zA-Z0-9]{4,12}[0-9]", fullmatch=True),
)
def test_a_handle_reads_the_same_bare_and_from_its_page(platform, name):
    home = {MASTODON: "@sosial.go.id", BLUESKY: ".bsky.social"}.get(platform, "")
    account = normalize(name + home, platform)
    assert account == NormalizedAccount(platform, name.lower() + home)
    url = profile_url(platform, account.handle)
    told = MASTODON if platform is MASTODON else None
    assert normalize(f" {url}?utm_source=wa#top", told) == account
    assert normalize(url.removeprefix("https://").rstrip("/") + "/", told) == account
