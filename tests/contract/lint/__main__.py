"""Lint the OpenAPI of this checkout: `make lint-openapi`."""

import sys

from app.main import create_app
from app.settings import Settings
from tests.contract.lint.linting import lint, unconnected


def main() -> int:
    """Print what breaks a rule; 1 if anything does."""
    broken = lint(create_app(unconnected(Settings())).openapi())
    for rule, places in broken.items():
        sys.stdout.write(f"{rule}\n" + "".join(f"    {place}\n" for place in places))
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
