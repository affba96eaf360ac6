"""YouTube's public channel pages, whose errors come with HTTP 200 and in the page's language."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.clock import Clock
from app.platforms.base import Platform
from app.platforms.sandbox.desk import Desk, Refused
from app.platforms.sandbox.faults import Fault, FaultOrder, Faults, Shown, shown, twisted
from app.platforms.sandbox.lists import GONE
from app.platforms.sandbox.world import AccountState, Truth

HTML = "text/html; charset=utf-8"
HOME: Final = "FEwhat_to_watch"
UNITS: Final = ((10**9, "B", "M"), (10**6, "M", "jt"), (10**3, "K", "rb"))
SORRY = b"<!DOCTYPE html><html><head><title>Sorry...</title></head><body></body></html>"
REFUSALS: Final = MappingProxyType(
    {Fault.RATE_LIMITED: (429, SORRY), Fault.SERVER_ERROR: (500, SORRY)}
)
ALERTS: Final[Mapping[AccountState, str]] = MappingProxyType({
    AccountState.SUSPENDED: (
        "This account has been terminated for a violation of YouTube's Terms of Service."
    ),
    AccountState.DEACTIVATED: "This channel does not exist.",
})  # fmt: skip


class YouTubePages:
    """Answers for channel pages under `/pages/youtube`.

    A private account stands for a channel behind an age gate. Without `hl=en` a page speaks
    Indonesian, and without the consent cookie a visitor is sent away.
    """

    def __init__(self, truth: Truth, clock: Clock, faults: Faults) -> None:
        self._truth = truth
        self._clock = clock
        self._desk = Desk(Platform.YOUTUBE, truth, clock, faults, REFUSALS, HTML)

    def routes(self) -> Sequence[Route]:
        """The pages by handle and by id."""
        return (
            Route("/pages/youtube/@{handle}", self.page),
            Route("/pages/youtube/channel/{channel_id}", self.page),
        )

    async def page(self, request: Request) -> Response:
        """A channel's page."""
        return await self._desk.answer(request, self._page)

    def _page(self, request: Request, order: FaultOrder | None) -> bytes:
        if request.cookies.get("SOCS") is None:
            headers = {"location": "https://consent.youtube.com/m?continue=https://www.youtube.com"}
            raise Refused(302, b"", headers=headers)
        english = request.query_params.get("hl", "id").startswith("en")
        handle = request.path_params.get("handle")
        found = (
            self._truth.by_handle(Platform.YOUTUBE, handle)
            if handle
            else self._truth.by_id(Platform.YOUTUBE, request.path_params["channel_id"])
        )
        if found is None and handle:
            raise Refused(404, _html({}, english=english, title="404 Not Found"))
        if found is None:
            return _html(_alert(ALERTS[AccountState.DEACTIVATED]), english=english)
        if found.state in GONE:
            return _html(_alert(ALERTS[found.state]), english=english)
        answers = twisted([shown(found, self._clock.now())], order)
        if not answers:
            return _html(_home(), english=english)
        if found.state is AccountState.PRIVATE:
            return _html(_age_gate(), english=english)
        return _html(_channel(answers[0], english=english), english=english)


def shortened(count: int, *, english: bool) -> str:
    """A count as pages write it: cut to three figures, in thousands, millions or billions."""
    for unit, english_name, indonesian_name in UNITS:
        if count >= unit:
            whole, rest = divmod(count, unit)
            figures = f"{rest * 1000 // unit:03d}"[: 3 - len(str(whole))].rstrip("0")
            if english:
                return f"{whole}.{figures}{english_name}" if figures else f"{whole}{english_name}"
            number = f"{whole},{figures}" if figures else str(whole)
            return f"{number}\u00a0{indonesian_name}"
    return str(count)


def _html(data: object, *, english: bool, title: str = "YouTube") -> bytes:
    # A slash after "<" would end the script block early.
    script = orjson.dumps(data).replace(b"</", b"<\\/").decode()
    language = "en" if english else "id"
    return (
        f'<!DOCTYPE html><html style="font-size: 10px" lang="{language}"><head>'
        f"<title>{title}</title></head><body><script>var ytInitialData = {script};</script>"
        "</body></html>"
    ).encode()


def _topbar() -> dict[str, object]:
    """Every page links to the home feed, which must not be taken for the page itself."""
    return {"topbar": {"logo": {"endpoint": {"browseEndpoint": {"browseId": HOME}}}}}


def _alert(words: str) -> dict[str, object]:
    renderer = {"type": "ERROR", "text": {"simpleText": words}}
    return {**_topbar(), "alerts": [{"alertRenderer": renderer}]}


def _tabs(identifier: str) -> dict[str, object]:
    tab = {"tabRenderer": {"selected": True, "tabIdentifier": identifier}}
    return {"contents": {"twoColumnBrowseResultsRenderer": {"tabs": [tab]}}}


def _home() -> dict[str, object]:
    return {**_topbar(), **_tabs(HOME)}


def _age_gate() -> dict[str, object]:
    gate = {"channelAgeGateRenderer": {"header": {"simpleText": "Age-restricted channel"}}}
    return {**_topbar(), "contents": {"sectionListRenderer": {"contents": [gate]}}}


def _channel(answer: Shown, *, english: bool) -> dict[str, object]:
    parts: list[dict[str, object]] = [{"text": {"content": f"@{answer.handle}"}}]
    if not answer.hidden:
        spoilt = isinstance(answer.followers, str) or answer.followers < 0
        number = (
            str(answer.followers) if spoilt else shortened(int(answer.followers), english=english)
        )
        noun = "subscribers" if english else "subscriber"
        parts.append({"text": {"content": f"{number} {noun}"}})
    view = {"metadata": {"contentMetadataViewModel": {"metadataRows": [{"metadataParts": parts}]}}}
    header = {"pageHeaderRenderer": {"content": {"pageHeaderViewModel": view}}}
    about = {"title": answer.display_name, "externalId": answer.platform_id}
    metadata = {"channelMetadataRenderer": about}
    return {**_topbar(), **_tabs("videos"), "header": header, "metadata": metadata}
