"""When the fence says that it stands."""

import json
import time
import warnings
from pathlib import Path

import pytest

from airut.adapters.ca import issue_proxy_ca, load_or_create_root
from airut.demo.ports import EVERY_ADDRESS, free_port
from proxy import rules_document
from proxy.settings import Ports
from tests.proxy.documents import rules as document

with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # mitmproxy's own, by an old dependency
    from proxy import readiness
    from proxy.readiness import wait_until_ready
    from proxy.tls import Issuer


async def test_ports_that_never_answer_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "PROBE_TIMEOUT", 1.0)
    issuer = Issuer(issue_proxy_ca(load_or_create_root(tmp_path / "ca")), tmp_path / "chain.pem")
    ports = Ports({53: free_port(EVERY_ADDRESS)})
    with pytest.raises(TimeoutError, match=r"the ports of the fence do not answer within 1 s: ConnectionRefused"):
        await wait_until_ready(rules_document.parse(json.dumps(document())), ports, issuer, lambda: True)


async def test_rules_that_hold_no_more_are_not_waited_for(tmp_path: Path) -> None:
    """Nothing listens here. Broken rules that come while the ones before are announced must not end the proxy."""
    issuer = Issuer(issue_proxy_ca(load_or_create_root(tmp_path / "ca")), tmp_path / "chain.pem")
    looks = iter([True, True, False])
    begun = time.monotonic()
    ready = await wait_until_ready(rules_document.parse(json.dumps(document())), Ports(), issuer, lambda: next(looks))
    assert not ready
    assert time.monotonic() - begun < 20
