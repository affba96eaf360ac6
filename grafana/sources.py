"""The two data sources, what is asked of them, and what panels and dashboards share.

The query of Infinity, which is no part of Grafana itself, follows `pkg/models/query.go` and
`src/app/variablesQuery/index.ts` of grafana/grafana-infinity-datasource.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from grafana_foundation_sdk.builders.common import ReduceDataOptions, VizLegendOptions
from grafana_foundation_sdk.builders.dashboard import (
    Dashboard,
    DashboardLink,
    DatasourceVariable,
    QueryVariable,
    ThresholdsConfig,
)
from grafana_foundation_sdk.builders.prometheus import Dataquery as PrometheusQuery
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.table import Panel as Table
from grafana_foundation_sdk.builders.timeseries import Panel as Timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataSourceRef,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
    VariableRefresh,
)

INFINITY_TYPE: Final = "yesoreyeram-infinity-datasource"
PROMETHEUS: Final = DataSourceRef(type_val="prometheus", uid="${prometheus}")
INFINITY: Final = DataSourceRef(type_val=INFINITY_TYPE, uid="${simedsos}")
TAG: Final = "simedsos"
FULL_WIDTH: Final = 24
TEXT, NUMBER, TIME = "string", "number", "timestamp"
RANGE: Final = {"from": "${__from:date:iso}", "to": "${__to:date:iso}"}
Panel = TypeVar("Panel", Stat, Table, Timeseries)


@dataclass(frozen=True, slots=True)
class Column:
    """A field of a row: how the API calls it, how the panel calls it, and what it is."""

    selector: str
    text: str
    type: str = NUMBER

    def to_json(self) -> dict[str, str]:
        """As Infinity reads it."""
        return {"selector": self.selector, "text": self.text, "type": self.type}


@dataclass(frozen=True, slots=True)
class InfinityQuery(Dataquery):
    """A GET to the API whose rows become a table."""

    path: str
    columns: Sequence[Column]
    params: Mapping[str, str] = field(default_factory=dict)
    root: str = ""
    ref_id: str = "A"
    keep: str = ""

    def to_json(self) -> dict[str, Any]:
        """As the plugin's backend parser reads it; the data source knows the host."""
        return {
            "refId": self.ref_id,
            "datasource": INFINITY,
            "type": "json",
            "source": "url",
            "parser": "backend",
            "format": "table",
            "url": self.path,
            "url_options": {
                "method": "GET",
                "data": "",
                "params": [{"key": key, "value": value} for key, value in self.params.items()],
            },
            "root_selector": self.root,
            "columns": [each.to_json() for each in self.columns],
            "filterExpression": self.keep,
        }


@dataclass(frozen=True, slots=True)
class Asked(Builder[Dataquery]):
    """A query that is complete already, where the library wants a builder."""

    query: Dataquery

    def build(self) -> Dataquery:
        """The query itself."""
        return self.query


def rows(path: str, *columns: Column, keep: str = "", **params: str) -> Asked:
    """Rows of `/v1/grafana/…`; `keep` is an expression over the columns' texts."""
    query = InfinityQuery(f"/v1/grafana/{path}", columns, params, keep=keep)
    return Asked(query)


def choice(name: str, label: str, query: InfinityQuery) -> QueryVariable:
    """A variable whose values the API tells; the columns are `__text` and `__value`."""
    told = query.to_json()
    return (
        QueryVariable(name)
        .label(label)
        .datasource(INFINITY)
        .query(
            {"queryType": "infinity", "query": "", "infinityQuery": told | {"refId": "variable"}}
        )
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    )


CAMPAIGNS: Final = InfinityQuery(
    "/v1/campaigns",
    (Column("title", "__text", TEXT), Column("id", "__value", TEXT)),
    {"limit": "200"},
    root="items",
)
ACCOUNTS: Final = InfinityQuery(
    "/v1/grafana/growth",
    (
        Column("official_account", "__text", TEXT),
        Column("official_account_id", "__value", TEXT),
    ),
    {"campaign": "${kampanye}"},
)


def promql(expression: str, legend: str = "", ref_id: str = "A") -> PrometheusQuery:
    """A range of Prometheus."""
    query = PrometheusQuery().expr(expression).ref_id(ref_id).datasource(PROMETHEUS).range()
    return query.legend_format(legend) if legend else query


def prometheus_source() -> DatasourceVariable:
    """Which Prometheus."""
    return DatasourceVariable("prometheus").label("Prometheus").type("prometheus")


def infinity_source() -> DatasourceVariable:
    """Which Infinity data source, and so which government: a key belongs to one."""
    return DatasourceVariable("simedsos").label("SIMEDSOS").type(INFINITY_TYPE)


def tenant() -> QueryVariable:
    """Which government, of those that Prometheus knows."""
    return (
        QueryVariable("tenant")
        .label("Pemerintah")
        .datasource(PROMETHEUS)
        .query(
            {
                "query": "label_values(simedsos_registered_employees, tenant)",
                "refId": "tenant",
            }
        )
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    )


def board(uid: str, title: str, about: str, since: str) -> Dashboard:
    """An empty dashboard on the clocks of Jakarta."""
    others = DashboardLink("SIMEDSOS").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    return (
        Dashboard(title)
        .uid(uid)
        .description(about)
        .tags([TAG])
        .timezone("Asia/Jakarta")
        .time(since, "now")
        .refresh("1m")
        .readonly()
        .link(others.as_dropdown(True).keep_time(True))  # noqa: FBT003 - So the library has it.
    )


def said(panel: Panel, title: str, about: str, *, width: int, height: int = 8) -> Panel:
    """A panel with its title, what it says, and what an empty one means."""
    return (
        panel.title(title).description(about).span(width).height(height).no_value("belum diketahui")
    )


def lines(
    title: str, about: str, *queries: PrometheusQuery, unit: str, width: int = 12
) -> Timeseries:
    """Lines over time; a gap is a gap, and is not drawn over."""
    legend = VizLegendOptions().display_mode(LegendDisplayMode.LIST)
    panel = said(Timeseries(), title, about, width=width)
    panel = panel.unit(unit).span_nulls(False)  # noqa: FBT003 - So the library has it.
    panel = panel.legend(legend.placement(LegendPlacement.BOTTOM).show_legend(True))  # noqa: FBT003
    for number, query in enumerate(queries):
        panel = panel.with_target(query.ref_id(chr(ord("A") + number)))
    return panel.datasource(PROMETHEUS)


def figure(
    title: str, about: str, query: Asked | PrometheusQuery, *, unit: str, width: int = 6
) -> Stat:
    """One number for each row or series; what is absent is not known, and never 0."""
    kept = ReduceDataOptions().calcs(["lastNotNull"]).values(False)  # noqa: FBT003
    panel = said(Stat(), title, about, width=width, height=5).unit(unit).reduce_options(kept)
    source = INFINITY if isinstance(query, Asked) else PROMETHEUS
    return panel.with_target(query).datasource(source)


def limits(*steps: tuple[float | None, str]) -> ThresholdsConfig:
    """Colours from these values on; the first has none."""
    return (
        ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(value=value, color=colour) for value, colour in steps])
    )


def shown_as(unit: str) -> list[DynamicConfigValue]:
    """An override of a column's unit."""
    return [DynamicConfigValue("unit", unit)]
