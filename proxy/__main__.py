"""`python3 -m proxy`: the entry of the proxy's container."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import sys
import types

from proxy.settings import Settings


def skip_default_addons() -> None:
    """Keeps `mitmproxy.addons` from importing some forty addons that we do not use: a second of every start."""
    spec = importlib.util.find_spec("mitmproxy")
    locations = spec.submodule_search_locations if spec is not None else None
    package = types.ModuleType("mitmproxy.addons")
    package.__path__ = [f"{location}/addons" for location in locations or ()]
    sys.modules.setdefault(package.__name__, package)


def main() -> int:
    """Runs until SIGTERM (0), or until a part of the fence ends by itself (1)."""
    os.umask(0o077)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    # Its warnings are about single connections, which the access log has; its errors are mitmproxy's own.
    logging.getLogger("mitmproxy.proxy.server").setLevel(logging.ERROR)
    skip_default_addons()
    from proxy.serving import serve  # after the line above, which must come before anything of mitmproxy's

    return asyncio.run(serve(Settings.from_environment(os.environ)))


if __name__ == "__main__":
    sys.exit(main())
