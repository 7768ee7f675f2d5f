"""What of mitmproxy no proxy of ours uses, and which it would import all the same: most of a start is importing.

Names are those of the mitmproxy that is pinned for the proxy's image. What is named here and used after all fails at
its first use.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
import types
from collections.abc import Callable

PACKAGES = (
    "mitmproxy.addons",  # some forty addons: one of them is ours to use, and is imported by its own name
)
MODULES = (
    "mitmproxy.command_lexer",  # commands that are typed, for which a parser is made
    "pyparsing",
    "ruamel.yaml",  # configuration files: there are none
    "mitmproxy.proxy.layers.quic",  # HTTP/3, which is off (`http3=False`)
    "mitmproxy.proxy.layers.http._http3",
    "aioquic",
    "aioquic.h3",
    "aioquic.h3.connection",
    "aioquic.tls",
)
LATER = {"hpack.huffman_table": "decode_huffman"}
"""Module → its one function: forty milliseconds that only a proxy which speaks HTTP/2 spends."""


def leave_out() -> None:
    """Comes before anything of mitmproxy's is imported."""
    for name in PACKAGES:
        sys.modules.setdefault(name, _package(name))
    for name in MODULES:
        sys.modules.setdefault(name, _Stand(name))
    for name, function in LATER.items():
        sys.modules.setdefault(name, _later(name, function))


def _package(name: str) -> types.ModuleType:
    """An empty one, whose modules are found where they lie."""
    parent, _, folder = name.rpartition(".")
    spec = importlib.util.find_spec(parent)
    locations = spec.submodule_search_locations if spec is not None else None
    package = types.ModuleType(name)
    package.__path__ = [f"{location}/{folder}" for location in locations or ()]
    return package


class _Stand(types.ModuleType):
    """A module in which every name is a class of which there is no instance."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        found = type(name, (), {"__module__": self.__name__})
        setattr(self, name, found)
        return found


def _later(name: str, function: str) -> types.ModuleType:
    """A module whose function imports the real one when it is called."""
    module = types.ModuleType(name)

    @functools.cache
    def real() -> Callable[..., object]:
        sys.modules.pop(name, None)
        found: Callable[..., object] = getattr(importlib.import_module(name), function)
        return found

    setattr(module, function, lambda *arguments: real()(*arguments))
    return module
