"""The `simedsos` command: everything that an operator does from a terminal."""

from app.cli.commands import main

__all__ = ["main"]
