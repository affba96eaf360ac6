"""Log lines name what failed by its type, whoever writes them, and never quote it."""

import subprocess
import sys

import pytest

SECRET = "198001012005011001"
SCRIPT = f"""
import logging.config
import sys
from app.core.logs import SERVER_LOGS, configure_logging, get_logger

configure_logging("INFO")
logging.config.dictConfig(SERVER_LOGS)
try:
    raise RuntimeError("Key (nip)=({SECRET}) already exists.")
except RuntimeError as error:
    if sys.argv[1] == "own":
        get_logger().error("request failed", exc_info=error, nip="{SECRET}")
    else:
        logging.getLogger(sys.argv[1]).error("Exception in ASGI application", exc_info=error)
"""


@pytest.mark.parametrize("logger", ["own", "uvicorn.error", "asyncio", "pgqueuer"])
def test_an_exceptions_text_reaches_no_line(logger):
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, logger], capture_output=True, text=True, check=True
    )
    assert "RuntimeError" in ended.stderr
    assert SECRET not in ended.stdout + ended.stderr
    assert len(ended.stderr.splitlines()) <= 2
