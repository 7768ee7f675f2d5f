"""Which threads of a channel are open, as Temporal lists them (with a delay of a second or so)."""

import re

from temporalio.client import Client

_THREAD = re.compile(r"T[A-Z0-9]+-([CDG][A-Z0-9]+)-(\d+\.\d+)")


async def open_slack_threads(client: Client, repo: str) -> frozenset[tuple[str, str]]:
    """Channel and first timestamp of a repository's open Slack threads. Raises: RPCError"""
    prefix = f"{repo}/slack/"
    query = f"WorkflowId STARTS_WITH '{prefix}' AND ExecutionStatus = 'Running'"
    found = [_THREAD.fullmatch(each.id.removeprefix(prefix)) async for each in client.list_workflows(query)]
    return frozenset((match[1], match[2]) for match in found if match)
