"""How long the embedded server keeps the histories of closed workflows."""

import logging
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client

log = logging.getLogger("airut")

RETENTION = timedelta(days=30)
"""As long as a thread may be idle: whoever answers in time can still have the task before retried or replayed. The
server's own default is one day."""


async def keep_closed_workflows(client: Client) -> None:
    """Raise the namespace's retention to 30 days; a longer one stays. Holds for workflows that close from then on.

    Raises:
        RPCError: the server refused, or went away.
    """
    service = client.workflow_service
    found = await service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace), retry=True)
    if found.config.workflow_execution_retention_ttl.ToTimedelta() >= RETENTION:
        return
    ttl = Duration()
    ttl.FromTimedelta(RETENTION)
    change = UpdateNamespaceRequest(
        namespace=client.namespace, config=NamespaceConfig(workflow_execution_retention_ttl=ttl)
    )
    await service.update_namespace(change, retry=True)
    log.info("histories of closed workflows are kept for %d days", RETENTION.days)
