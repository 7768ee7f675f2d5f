"""No value of a secret gets into Temporal, whatever would bring it there."""

import base64
import logging
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import activity, workflow
from temporalio.api.failure.v1 import Failure
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.converter import DataConverter
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from airut.adapters.blobs_local import LocalBlobStore
from airut.config.codec_settings import CodecSettings
from airut.models.credentials.redaction import Redactor
from airut.temporal.codec import data_converter
from airut.temporal.secret_guard import SecretInPayload

REAL = 'ghp_"real" value'
KEYS = CodecSettings.model_validate(
    {"enabled": True, "keys": {"k": base64.b64encode(bytes(32)).decode()}, "active": "k"}
)


def converter(folder: Path, codec: CodecSettings = CodecSettings()) -> DataConverter:  # noqa: B008  # frozen
    return data_converter(codec, "default", LocalBlobStore(folder), Redactor({REAL: "***"}))


@pytest.mark.parametrize("codec", [CodecSettings(), KEYS], ids=["plain", "encrypted"])
@pytest.mark.parametrize(
    "value",
    [
        REAL,
        {"deep": [{"inside": f"x{REAL}y"}]},
        base64.b64encode(b"user:" + REAL.encode()).decode(),
        "long " * 20_000 + REAL,
        REAL.encode(),
    ],
    ids=["itself", "inside", "base64", "long", "bytes"],
)
async def test_a_payload_that_holds_one_is_refused(tmp_path: Path, codec: CodecSettings, value: object) -> None:
    with pytest.raises(SecretInPayload) as raised:
        await converter(tmp_path, codec).encode([value])
    assert raised.value.non_retryable
    assert REAL not in str(raised.value)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


async def test_others_pass_and_come_back(tmp_path: Path) -> None:
    made = converter(tmp_path)
    values = ["nothing to see", {"a": "long " * 20_000}]
    assert await made.decode(await made.encode(values), [str, dict]) == values


@pytest.mark.parametrize("codec", [CodecSettings(), KEYS], ids=["plain", "encrypted"])
def test_a_failure_says_what_it_says_without_it(tmp_path: Path, codec: CodecSettings) -> None:
    made = converter(tmp_path, codec)
    try:
        try:
            raise ValueError(f"the cause says {REAL}")
        except ValueError as cause:
            raise ApplicationError(f"could not log in with {REAL}") from cause
    except ApplicationError as error:
        failure = Failure()
        made.failure_converter.to_failure(error, made.payload_converter, failure)
    assert REAL not in repr(failure)
    back = made.failure_converter.from_failure(failure, made.payload_converter)
    assert str(back).endswith("could not log in with ***")
    assert str(back.__cause__).endswith("the cause says ***")


tries: list[str] = []


@activity.defn
async def leaking(where: str) -> str:
    tries.append(where)
    if where == "failure":
        raise RuntimeError(f"refused {REAL}")
    return f"the token is {REAL}"


@workflow.defn
class Leaks:
    @workflow.run
    async def run(self, where: str) -> str:
        return await workflow.execute_activity(
            leaking,
            where,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(maximum_attempts=2, initial_interval=timedelta(milliseconds=10)),
        )


@pytest.mark.parametrize(
    ("where", "attempts", "message"),
    [
        ("result", 1, "a value that was to be recorded holds the value of a secret, and was not sent"),
        ("failure", 2, "refused ***"),
    ],
)
async def test_an_activity_cannot_record_one(
    temporal: WorkflowEnvironment, tmp_path: Path, where: str, attempts: int, message: str
) -> None:
    config = temporal.client.config()
    config["data_converter"] = converter(tmp_path)
    client, queue = Client(**config), f"leaks-{uuid.uuid4().hex}"
    tries.clear()
    logging.getLogger("temporalio.activity").setLevel(logging.ERROR)
    async with Worker(
        client, task_queue=queue, workflows=[Leaks], activities=[leaking], workflow_runner=UnsandboxedWorkflowRunner()
    ):
        with pytest.raises(WorkflowFailureError) as raised:
            await client.execute_workflow(Leaks.run, where, id=queue, task_queue=queue)
    assert isinstance(raised.value.cause, ActivityError)
    assert isinstance(raised.value.cause.cause, ApplicationError)
    assert (raised.value.cause.cause.message, len(tries)) == (message, attempts)
    history = await client.get_workflow_handle(queue).fetch_history()
    assert "ghp_" not in history.to_json()


async def test_a_client_sends_none(temporal: WorkflowEnvironment, tmp_path: Path) -> None:
    config = temporal.client.config()
    config["data_converter"] = converter(tmp_path)
    with pytest.raises(SecretInPayload):
        await Client(**config).start_workflow("Leaks", REAL, id=f"none-{uuid.uuid4().hex}", task_queue="none")
