"""Whether Temporal has what threads are found by."""

from temporalio.client import Client
from temporalio.service import RPCError

from airut.contracts import SEARCH_ATTRIBUTES
from airut.operations.check.finding import Finding, fail, ok, warn
from airut.temporal.search_attributes import Attributes, commands, compared, look

NAME = "search attributes"


async def search_attributes(client: Client) -> Finding:
    """Raises: ConfigError: there is no such namespace."""
    try:
        return judge(client.namespace, await look(client))
    except RPCError as error:
        made = commands(compared({}), client.namespace)
        return warn(NAME, f"cannot be listed: {error.message}", f"where they are missing: `{'`, `'.join(made)}`")


def judge(namespace: str, lacks: Attributes) -> Finding:
    if not (wrong := (*lacks.missing, *lacks.other)):
        return ok(NAME, f"all {len(SEARCH_ATTRIBUTES)}")
    says = f"{', '.join(wrong)}: missing, or of another type"
    return fail(NAME, says, f"run `{'`, then `'.join(commands(lacks, namespace))}`")
