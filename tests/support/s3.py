"""An S3-compatible server in a thread (moto's), whose objects can be aged."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import botocore.session
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

ACCOUNT = "123456789012"
"""Moto's own."""
BUCKET = "airut-test"
CREDENTIALS: Mapping[str, str] = {
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "of-no-use-0123456789",
    "AWS_REGION": "eu-north-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class S3Server:
    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def names(self) -> list[str]:
        return sorted(self._objects())

    def age(self, key: str, by: timedelta) -> None:
        """As if it had last been written that long ago."""
        self._objects()[key].last_modified -= by

    def damage(self, key: str, content: bytes) -> None:
        self._objects()[key].value = content
        self._objects()[key]._etag = "0" * 32

    def empty(self) -> None:
        self._objects().clear()

    def _objects(self) -> Any:
        return s3_backends[ACCOUNT]["aws"].buckets[BUCKET].keys


@contextmanager
def running_s3() -> Iterator[S3Server]:
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # else it tells of every request
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = botocore.session.Session().create_client(
        "s3", endpoint_url=endpoint, region_name="us-east-1",
        aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="of-no-use",
    )  # fmt: skip
    client.create_bucket(Bucket=BUCKET)
    client.close()
    try:
        yield S3Server(endpoint)
    finally:
        server.stop()
