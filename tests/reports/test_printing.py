"""Files are made within a time that is told, and a slow one stands in nobody's way for ever."""

import pytest

from app.reports.printing import AT_ONCE, Press, PrintingTooSlow
from tests.reports.invented import frozen


async def test_what_takes_too_long_is_given_up_with_a_word_about_it():
    press = Press(longest=0.0)
    for make in (press.pages(frozen()), press.workbook(frozen(), None)):
        with pytest.raises(PrintingTooSlow, match="not ready within 0 s") as refused:
            await make
        assert refused.value.status == 503
        assert refused.value.headers == {"Retry-After": "5"}


async def test_given_up_files_give_their_turns_back():
    hasty, press = Press(longest=0.0), Press()
    for _ in range(2 * AT_ONCE):
        with pytest.raises(PrintingTooSlow):
            await hasty.pages(frozen())
    assert (await press.pages(frozen())).startswith(b"%PDF-")
    hasty.longest = press.longest
    assert (await hasty.pages(frozen())).startswith(b"%PDF-")
