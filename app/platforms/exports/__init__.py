"""Readers of the data exports that owners of accounts upload, one file a platform."""

from app.platforms.exports.archive import ExportLimits
from app.platforms.exports.entries import Batch
from app.platforms.exports.errors import ExportRefused, FollowingList, title_of
from app.platforms.exports.formats import KeyedBy, Relation
from app.platforms.exports.opening import open_export
from app.platforms.exports.reading import ExportSummary, FollowerExport, SummaryNotReady
from app.platforms.exports.recognising import followers_keyed_by, followings_keyed_by

__all__ = [
    "Batch",
    "ExportLimits",
    "ExportRefused",
    "ExportSummary",
    "FollowerExport",
    "FollowingList",
    "KeyedBy",
    "Relation",
    "SummaryNotReady",
    "followers_keyed_by",
    "followings_keyed_by",
    "open_export",
    "title_of",
]
