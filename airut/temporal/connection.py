"""One way to connect, for workers, intake, CLI and tests alike."""

from datetime import timedelta

from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import GrpcCompression, RPCError, RPCStatusCode

from airut.config.schema import TemporalSettings
from airut.models.credentials.redaction import Redactor
from airut.ports.blobs import BlobStore
from airut.temporal.codec import data_converter


async def connect(
    settings: TemporalSettings, payloads: BlobStore, redactor: Redactor | None = None, *, lazy: bool = False
) -> Client:
    """Connect to the embedded server's port, or to wherever Temporal's own environment configuration points
    (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_TLS_*`, profiles in `temporal.toml`).

    `payloads` holds what is too large for a history: the same store for every process of an installation. What
    `redactor` knows is not sent. A `lazy` client connects with its first call, and each call may find nobody.

    Raises:
        RuntimeError: nothing answers there (the SDK's own error).
    """
    if settings.mode == "embedded":
        return await Client.connect(
            f"127.0.0.1:{settings.port}",
            namespace=settings.namespace,
            data_converter=data_converter(settings.codec, settings.namespace, payloads, redactor),
            lazy=lazy,
            grpc_compression=GrpcCompression.NONE,  # loopback: to pack bytes costs a tenth more computing on both sides
        )
    found = ClientConfig.load_client_connect_config()
    found.setdefault("target_host", "localhost:7233")
    namespace = found.setdefault("namespace", settings.namespace)
    converter = data_converter(settings.codec, namespace, payloads, redactor)
    return await Client.connect(**found, data_converter=converter, lazy=lazy)


FAST = timedelta(seconds=2)
"""Heartbeats at most this far apart: a cancel arrives in about as long, whatever the heartbeat time-out."""


def is_missing(error: RPCError) -> bool:
    """Whether what was asked for is not there, rather than Temporal itself."""
    return error.status is RPCStatusCode.NOT_FOUND
