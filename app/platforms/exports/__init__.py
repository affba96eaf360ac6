"""Readers of the data exports that owners of official accounts upload."""

from app.platforms.exports.archive import ExportLimits
from app.platforms.exports.errors import ExportRefused
from app.platforms.exports.instagram import Batch
from app.platforms.exports.reading import (
    ExportSummary,
    FollowerExport,
    SummaryNotReady,
    open_export,
)

__all__ = [
    "Batch",
    "ExportLimits",
    "ExportRefused",
    "ExportSummary",
    "FollowerExport",
    "SummaryNotReady",
    "open_export",
]
