"""What a proxy does not import."""

import importlib.util
import subprocess
import sys

import pytest

from proxy.left_out import LATER, MODULES, PACKAGES

STARTED = """\
import sys
from proxy.left_out import leave_out
leave_out()
import proxy.serving
print(*(name for name in sys.modules if name.split(".")[0] in ("aioquic", "pyparsing", "ruamel", "unittest")))
print(*(name for name in sys.modules if name.startswith("mitmproxy.addons")))
from hpack import Decoder, Encoder
print(hasattr(sys.modules["hpack.huffman_table"], "HUFFMAN_TABLE"))
print(Decoder().decode(Encoder().encode([("x-name", "a value of some length")])))
print(hasattr(sys.modules["hpack.huffman_table"], "HUFFMAN_TABLE"))
"""


def test_a_proxy_starts_without_what_it_never_uses() -> None:
    done = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, check=True)
    left_out, addons, before, decoded, after = done.stdout.splitlines()
    assert set(left_out.split()) == {"ruamel", *(name for name in MODULES if not name.startswith("mitmproxy"))}
    assert set(addons.split()) == {
        "mitmproxy.addons",
        "mitmproxy.addons.proxyserver",
        "mitmproxy.addons.termlog",
        "mitmproxy.addons.tlsconfig",
    }
    # What is needed later is there then.
    assert (before, decoded, after) == ("False", "[('x-name', 'a value of some length')]", "True")


@pytest.mark.parametrize("name", [*PACKAGES, *MODULES, *LATER])
def test_each_is_there_to_be_left_out(name: str) -> None:
    """A new version of mitmproxy may have it elsewhere, and import it."""
    assert importlib.util.find_spec(name) is not None
