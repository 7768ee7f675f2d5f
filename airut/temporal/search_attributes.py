"""The search attributes that our workflows set, on a server that is not ours: made where we may, else named with the
commands that make them."""

import asyncio
import logging
from collections.abc import Mapping

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from airut.contracts import SEARCH_ATTRIBUTES
from airut.errors import ConfigError
from airut.models.base import Model

TYPES = {IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD: "Keyword", IndexedValueType.INDEXED_VALUE_TYPE_DOUBLE: "Double"}
"""Those that ours have, in the words of Temporal's command line."""

NOT_FOR_US = frozenset({RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.UNIMPLEMENTED})
"""A server that keeps its operator service to itself: Temporal Cloud does, and a proxy may."""

SEEN_IN = 30.0
"""Seconds until every part of the server knows a new one: each looks at its namespaces every ten."""

log = logging.getLogger("airut")


class Attributes(Model):
    """What a namespace lacks of ours. Both by name; `other` has the type that stands there, which none can change."""

    missing: Mapping[str, str] = {}
    other: Mapping[str, str] = {}


WANTED: Mapping[str, int] = {each.name: each.indexed_value_type for each in SEARCH_ATTRIBUTES}


def compared(found: Mapping[str, int]) -> Attributes:
    """Ours against what a namespace has: name to Temporal's number of a type."""
    return Attributes(
        missing={name: TYPES[IndexedValueType.ValueType(kind)] for name, kind in WANTED.items() if name not in found},
        other={
            name: IndexedValueType.Name(IndexedValueType.ValueType(found[name])).removeprefix("INDEXED_VALUE_TYPE_")
            for name, kind in WANTED.items()
            if name in found and found[name] != kind
        },
    )


def commands(attributes: Attributes, namespace: str) -> tuple[str, ...]:
    """What an operator types to mend it; empty when nothing lacks."""
    removed = [
        f"temporal operator search-attribute remove --yes --namespace {namespace} --name {name}"
        for name in attributes.other
    ]
    wanted = {
        **attributes.missing,
        **{name: TYPES[IndexedValueType.ValueType(WANTED[name])] for name in attributes.other},
    }
    if not wanted:
        return ()
    each = " ".join(f"--name {name} --type {kind}" for name, kind in wanted.items())
    return (*removed, f"temporal operator search-attribute create --namespace {namespace} {each}")


def namespace_command(namespace: str) -> str:
    """What makes the namespace itself; closed workflows are kept as long as the embedded server keeps them."""
    return f"temporal operator namespace create --namespace {namespace} --retention 30d"


async def look(client: Client) -> Attributes:
    """What the client's namespace lacks.

    Raises:
        ConfigError: there is no such namespace.
        RPCError: Temporal is away, or does not tell us.
    """
    request = ListSearchAttributesRequest(namespace=client.namespace)
    try:
        found = await client.operator_service.list_search_attributes(request, retry=False)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise ConfigError(
                f"Temporal has no namespace {client.namespace!r}; make it:\n  {namespace_command(client.namespace)}"
            ) from error
        raise
    return compared({**found.custom_attributes, **found.system_attributes})


async def ensure_search_attributes(client: Client) -> None:
    """Make those that the namespace lacks. Safe to call twice, and from two workers at once.

    Where the server tells us nothing of them, it is taken at its word that somebody has made them: were they not, it
    would refuse the first thread, and say which it does not know.

    Raises:
        ConfigError: they are not there, and we may not make them; says what to type.
        RPCError: Temporal is away.
    """
    try:
        lacks = await look(client)
    except RPCError as error:
        if error.status not in NOT_FOR_US:
            raise
        log.info("search attributes: the server keeps to itself which there are (%s)", error.message)
        return
    if lacks.missing and not lacks.other and await _add(client, lacks):
        lacks = await _settled(client)
    if lines := commands(lacks, client.namespace):
        wrong = ", ".join((*lacks.missing, *(f"{name} (is {kind})" for name, kind in lacks.other.items())))
        raise ConfigError(
            f"namespace {client.namespace!r} of Temporal lacks search attributes: {wrong}; make them:\n  "
            + "\n  ".join(lines)
        )


async def _add(client: Client, lacks: Attributes) -> bool:
    """Whether they are made now, by us or by another worker in this moment."""
    wanted = {name: IndexedValueType.ValueType(WANTED[name]) for name in lacks.missing}
    request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=wanted)
    try:
        await client.operator_service.add_search_attributes(request, retry=False)
    except RPCError as error:
        if error.status is RPCStatusCode.ALREADY_EXISTS:
            return True
        if error.status in NOT_FOR_US:
            log.info("search attributes cannot be made from here: %s", error.message)
            return False
        raise
    log.info("search attributes made: %s", ", ".join(lacks.missing))
    return True


async def _settled(client: Client) -> Attributes:
    """As `look`, once the server takes the new ones, and at most half a minute later: a thread that came before would
    be refused."""
    deadline = asyncio.get_running_loop().time() + SEEN_IN
    query = " OR ".join(f"{name} IS NOT NULL" for name in WANTED)
    while True:
        lacks = await look(client)
        known = not lacks.missing and await _known(client, query)
        if known or asyncio.get_running_loop().time() > deadline:
            return lacks
        await asyncio.sleep(0.5)


async def _known(client: Client, query: str) -> bool:
    try:
        await client.count_workflows(query)
    except RPCError as error:
        if error.status is RPCStatusCode.INVALID_ARGUMENT:
            return False
        raise
    return True
