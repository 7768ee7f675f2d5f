"""When the fence says that it stands."""

import json
import time
import warnings
from pathlib import Path

from airut.adapters.ca import issue_proxy_ca, load_or_create_root
from proxy import rules_document
from proxy.settings import Ports
from tests.proxy.fence import rules as document

with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # mitmproxy's own, by an old dependency
    from proxy.readiness import wait_until_ready
    from proxy.tls import Issuer


async def test_rules_that_hold_no_more_are_not_waited_for(tmp_path: Path) -> None:
    """Nothing listens here. Broken rules that come while the ones before are announced must not end the proxy."""
    issuer = Issuer(issue_proxy_ca(load_or_create_root(tmp_path / "ca")), tmp_path / "chain.pem")
    looks = iter([True, True, False])
    begun = time.monotonic()
    ready = await wait_until_ready(rules_document.parse(json.dumps(document())), Ports(), issuer, lambda: next(looks))
    assert not ready
    assert time.monotonic() - begun < 5
