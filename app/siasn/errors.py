"""What asking SIASN may end in, as one tree that says what to do next.

SiasnError             nothing is known of what was asked
  Unavailable          try again later
    NotUnderstood      the answer was not understood: an answer, but never "no such employee"
    LoginPage          a page for people came instead of data
    Refused            SIASN reports an error of its own
  RateLimited          try again at `retry_at`
  CredentialsBad       a person must act
    ConsumerRefused    the consumer key, its secret or its subscription
    SsoRefused         the SSO token, which lives for hours only
  NoSuchEmployee       a fact: SIASN says in its own words that it has no such employee

No text of these holds a NIP, an address, a token, or a word of the answer.
"""

from datetime import datetime
from typing import ClassVar


class SiasnError(Exception):
    """SIASN could not answer."""

    outcome: ClassVar[str] = "error"

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        super().__init__(f"{(self.__doc__ or '').splitlines()[0]} {reason}".strip())


class Unavailable(SiasnError):
    """SIASN is unavailable; try again later."""

    outcome = "unavailable"


class NotUnderstood(Unavailable):
    """SIASN's answer was not understood."""

    outcome = "not_understood"


class LoginPage(Unavailable):
    """A page for people came instead of data."""

    outcome = "login_page"


class Refused(Unavailable):
    """SIASN reports an error of its own."""

    outcome = "refused"


class RateLimited(SiasnError):
    """SIASN asks for patience."""

    outcome = "rate_limited"

    def __init__(self, reason: str = "", *, retry_at: datetime) -> None:
        super().__init__(reason)
        self.retry_at = retry_at


class CredentialsBad(SiasnError):
    """SIASN refuses the credentials; a person must renew them."""

    outcome = "credentials_bad"


class ConsumerRefused(CredentialsBad):
    """BKN's API manager refuses the consumer key: check key, secret and subscription with BKN."""

    outcome = "consumer_refused"


class SsoRefused(CredentialsBad):
    """SIASN refuses the SSO token: sign in there anew and set SIMEDSOS_SIASN_SSO_TOKEN."""

    outcome = "sso_refused"


class NoSuchEmployee(SiasnError):
    """SIASN says that it knows no such employee."""

    outcome = "no_such_employee"
