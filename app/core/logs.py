"""Structured logs from an allowlist: what is not named here never reaches a log line."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset({
    "action", "attempt", "campaign_id", "child", "duration_ms", "epoch", "event", "hash",
    "import_id", "job_kind", "level", "list_id", "method", "official_account_id", "outcome",
    "platform", "reason", "request_id", "role", "route", "rows", "sequence", "slot", "status",
    "tenant_id", "timestamp", "error_type", "where",
})  # fmt: skip


def keep_allowed(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every key that is not on the allowlist, so that a careless call cannot leak."""
    return {key: value for key, value in entry.items() if key in ALLOWED}


def describe_exception(
    _: Any, __: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Name an exception's type and place only: its text may quote a row's values."""
    found = entry.pop("exc_info", None)
    error = sys.exc_info()[1] if found is True else found
    if isinstance(error, BaseException):
        entry["error_type"] = type(error).__name__
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        if trace is not None:
            entry["where"] = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
    return entry


class Discreet(logging.Formatter):
    """Lines of libraries, in which an exception has its type and no text, as in our own lines.

    uvicorn and asyncio write down whatever failed unseen, and a database's error quotes the row.
    """

    def formatException(self, ei: Any) -> str:  # noqa: N802 - The name in the standard library.
        return f"({ei[0].__name__})" if ei[0] is not None else ""


# uvicorn's own words hold nothing of a request, and say for example that the port is taken.
SERVER_LOGS: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": Discreet, "fmt": "%(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "stream": "ext://sys.stderr",
        }
    },
    "loggers": {"uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
}


def configure_logging(level: str) -> None:
    """JSON lines on stderr for this process; libraries that log URLs are kept quiet."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            describe_exception,
            keep_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setFormatter(Discreet("%(levelname)s %(name)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[stderr])


def get_logger() -> structlog.typing.FilteringBoundLogger:
    """The process's logger."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger
