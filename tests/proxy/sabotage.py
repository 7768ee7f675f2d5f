"""The proxy with one of its parts broken, or a constant changed: `python -m tests.proxy.sabotage module:name[=value]`."""

import importlib
import sys
from typing import Any, NoReturn

from proxy import __main__ as entry
from proxy.left_out import leave_out


def broken(*_: Any, **__: Any) -> NoReturn:
    """Stands in for the part."""
    raise RuntimeError("sabotaged")


def main() -> int:
    """Breaks the part, then runs as always."""
    leave_out()
    module, _, change = sys.argv[1].partition(":")
    path, _, value = change.partition("=")
    *owners, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for attribute in owners:
        owner = getattr(owner, attribute)
    setattr(owner, name, float(value) if value else broken)
    return entry.main()


if __name__ == "__main__":
    sys.exit(main())
