"""Which build of ours runs the workflows: the control worker's deployment version (docs/operations/upgrades.md)."""

import hashlib
import logging
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig

log = logging.getLogger("airut")

NAME = "airut"
PACKAGES = ("activities", "airut", "signals", "workers", "workflows")

LIMIT = timedelta(seconds=30)
"""For one try. The first call in a namespace starts the server's own workflow for it, which takes a few tenths of a
second, and longer while everything else starts too."""

UNKNOWN = frozenset({RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.PERMISSION_DENIED})
"""An older server; a namespace for which deployments are switched off, or not ours to change."""


def build_id() -> str:
    """The distribution's version and the digest of its source: a change that nobody gave a version is another build."""
    return f"{version('airut-temporal')}-{source_digest(Path(__file__).parents[2])[:12]}"


def source_digest(root: Path) -> str:
    """SHA-256 over the Python files of our packages below this folder, and their names."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            content = file.read_bytes()
            digest.update(f"{file.relative_to(root)}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


async def become_current(client: Client, build: str) -> WorkerDeploymentConfig | None:
    """Make this build the current one, so that open and new workflows go on with it; the worker's configuration.

    None: the server knows no deployments, and the worker has to run unversioned. To be called before the worker polls,
    since a workflow's task is only given to workers of the current build; calling it again changes nothing.

    Raises:
        RPCError: the server cannot say; unversioned, the worker might wait for ever for tasks that go to a build.
    """
    request = SetWorkerDeploymentCurrentVersionRequest(
        namespace=client.namespace,
        deployment_name=NAME,
        build_id=build,
        identity=client.identity,
        allow_no_pollers=True,  # ours comes up next
        ignore_missing_task_queues=True,  # likewise: no poller has named the queues of this build yet
    )
    try:
        response = await client.workflow_service.set_worker_deployment_current_version(
            request, retry=True, timeout=LIMIT
        )
    except RPCError as error:
        if error.status not in UNKNOWN:
            raise
        log.warning("the control worker runs unversioned: %s (docs/operations/upgrades.md)", error.message)
        return None
    log.info("build %s runs the workflows; before: %s", build, response.previous_version or "none")
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=NAME, build_id=build),
        use_worker_versioning=True,
        # Here and never in the decorators of workflows: on an unversioned worker those fail every workflow task.
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )
