"""`python3 -m proxy`: the entry of the proxy's container."""

from __future__ import annotations

import asyncio
import logging
import os
import sys

from proxy.left_out import leave_out
from proxy.settings import Settings


def main() -> int:
    """Runs until SIGTERM (0), or until a part of the fence ends by itself (1)."""
    os.umask(0o077)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    # Its warnings are about single connections, which the access log has; its errors are mitmproxy's own.
    logging.getLogger("mitmproxy.proxy.server").setLevel(logging.ERROR)
    leave_out()
    from proxy.serving import serve  # after the line above

    return asyncio.run(serve(Settings.from_environment(os.environ)))


if __name__ == "__main__":
    sys.exit(main())
