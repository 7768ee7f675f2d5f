"""The proxy with one of its parts broken: `python -m tests.proxy.sabotage module:Class.method`."""

import importlib
import sys
from typing import Any, NoReturn

from proxy import __main__ as entry


def broken(*_: Any, **__: Any) -> NoReturn:
    """Stands in for the part."""
    raise RuntimeError("sabotaged")


def main() -> int:
    """Breaks the part, then runs as always."""
    entry.skip_default_addons()
    module, _, path = sys.argv[1].partition(":")
    *owners, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for attribute in owners:
        owner = getattr(owner, attribute)
    setattr(owner, name, broken)
    return entry.main()


if __name__ == "__main__":
    sys.exit(main())
