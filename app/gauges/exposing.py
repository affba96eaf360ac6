"""The figures in Prometheus' text format, remembered for less than a scrape takes to come again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from app.core.services import Services
from app.core.sharing import Shared
from app.gauges.kinds import KINDS, Of
from app.gauges.rules import Figure
from app.gauges.service import told

REMEMBERED_FOR = timedelta(seconds=5)


class Told:
    """What the library collects: one family for each kind that there is a figure of."""

    def __init__(self, figures: Iterable[tuple[str | None, Figure]]) -> None:
        self._figures = list(figures)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The families, in the order of their kinds."""
        families = {
            kind.name: GaugeMetricFamily(kind.name, kind.says, labels=kind.every_label)
            for kind in KINDS
        }
        for tenant, figure in self._figures:
            labels = list(figure.labels)
            if figure.kind.of is Of.GOVERNMENT:
                labels.insert(0, tenant or "")
            families[figure.kind.name].add_metric(labels, figure.value)
        yield from (each for each in families.values() if each.samples)


def as_text(figures: Iterable[tuple[str | None, Figure]]) -> bytes:
    """Figures in the text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Told(figures))
    return generate_latest(registry)


@dataclass(frozen=True, slots=True)
class Written:
    """The text of a moment."""

    at: datetime
    text: bytes


class GaugeMemory:
    """What was last told: several scrapers at once cost one look into the database."""

    def __init__(self) -> None:
        self._written: Written | None = None
        self._shared: Shared[Written] = Shared()

    async def exposition(self, services: Services) -> bytes:
        """The figures as they are now, or were a few seconds ago."""
        now, written = services.clock.now(), self._written
        if written is None or not written.at <= now <= written.at + REMEMBERED_FOR:
            written = await self._shared.run("gauges", lambda: self._look(services))
        return written.text

    async def _look(self, services: Services) -> Written:
        at = services.clock.now()
        self._written = Written(at, as_text(await told(services)))
        return self._written
