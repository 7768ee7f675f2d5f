"""The scripted model: its wire format, its scripts, and the real Claude Code playing one."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import JsonValue, ValidationError

from airut.adapters.claude_code.binary import ClaudeBinaries
from airut.demo.http import HttpServer
from airut.demo.repositories import GIT_ENVIRONMENT
from airut.demo.script import (
    FOREVER,
    Script,
    Step,
    StreamFailure,
    TokenUsage,
    bash,
    commit,
    fail,
    say,
    script,
    use,
    write,
)
from airut.demo.scripted_model import ScriptedModel, fingerprint

KEY = "sk-ant-api03-real"
Body = dict[str, JsonValue]


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
async def server(model: ScriptedModel) -> AsyncIterator[HttpServer]:
    async with HttpServer(model.handle) as running:
        yield running


@pytest.fixture
async def http(server: HttpServer) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"x-api-key": KEY, "anthropic-version": "2023-06-01"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, trust_env=False) as client:
        yield client


def asking(text: str, **more: JsonValue) -> Body:
    return {"model": "m", "max_tokens": 9, "tools": [{"name": "Bash"}], "messages": [user(text)], **more}


def user(text: str) -> Body:
    return {"role": "user", "content": text}


async def said(http: httpx.AsyncClient, text: str) -> str:
    answer = await http.post("/v1/messages", json=asking(text))
    return str(answer.json()["content"][0].get("text"))


async def test_steps_play_in_order_and_the_rest_is_exhausted(model: ScriptedModel, http: httpx.AsyncClient) -> None:
    model.register(KEY, script(say("one"), Step(text="two", repeat=2)))
    assert [await said(http, "x") for _ in range(4)] == ["one", "two", "two", "script exhausted"]
    assert [call.step for call in model.calls_of(KEY)] == [0, 1, 1, None]


async def test_the_text_decides(model: ScriptedModel, http: httpx.AsyncClient) -> None:
    greeting = Step(text="hello {{name}}", match=r"I am (?P<name>\w+)", repeat=FOREVER)
    model.register(KEY, script(greeting, Step(text="B", conversation="thread b"), say("A")))
    texts = ["I am Ann", "anything", "of thread b", "I am Bob"]
    assert [await said(http, text) for text in texts] == ["hello Ann", "A", "B", "hello Bob"]


async def test_tool_results_count_as_text_and_groups_fill_inputs(model: ScriptedModel, http: httpx.AsyncClient) -> None:
    model.register(KEY, script(Step(match="made (?P<file>.+)", tool=bash("cat {{file}}").tool)))
    messages: list[JsonValue] = [
        user("go"),
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "Bash", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "made a.txt"}]},
        {"role": "system", "content": "a reminder"},
    ]
    answer = (await http.post("/v1/messages", json=asking("", messages=messages))).json()
    assert answer["stop_reason"] == "tool_use"
    assert answer["content"][0]["input"]["command"] == "cat a.txt"


async def test_a_stream_says_the_same(model: ScriptedModel, http: httpx.AsyncClient) -> None:
    step = Step(
        thinking="hm", text="x" * 90, tool=use("Read", {"file_path": "/a"}).tool, usage=TokenUsage(output_tokens=7)
    )
    model.register(KEY, script(step))
    answer = await http.post("/v1/messages", json=asking("go", stream=True))
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    assert [event["type"] for event in events if event["type"] != "content_block_delta"] == [
        "message_start", "ping", *["content_block_start", "content_block_stop"] * 3, "message_delta", "message_stop",
    ]  # fmt: skip
    assert "".join(delta.get("text", "") for delta in deltas) == "x" * 90
    assert json.loads("".join(delta.get("partial_json", "") for delta in deltas)) == {"file_path": "/a"}
    assert events[-2]["delta"]["stop_reason"] == "tool_use"
    assert events[-2]["usage"] == {"output_tokens": 7}


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"x-api-key": "sk-ant-other"}, "invalid x-api-key"),
        ({"authorization": "Bearer other"}, "Invalid bearer token"),
        ({}, "x-api-key header is required"),
    ],
)
async def test_unknown_keys(model: ScriptedModel, server: HttpServer, headers: dict[str, str], message: str) -> None:
    model.register(KEY, script(say("never")))
    async with httpx.AsyncClient(base_url=server.url, headers=headers, trust_env=False) as client:
        answer = await client.post("/v1/messages", json=asking("hi"))
    assert (answer.status_code, answer.json()["error"]) == (401, {"type": "authentication_error", "message": message})
    (call,) = model.calls
    assert (call.known, call.status) == (False, 401)
    assert call.key != fingerprint(KEY)


async def test_bearer_is_a_key_too(model: ScriptedModel, server: HttpServer) -> None:
    model.register("sk-ant-oat01-x", script(say("hi")))
    headers = {"authorization": "Bearer sk-ant-oat01-x", "anthropic-version": "2023-06-01"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, trust_env=False) as client:
        assert await said(client, "x") == "hi"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"model": "m", "messages": [user("x")]}, "max_tokens: Field required"),
        (asking("x", messages=[]), "messages: Tuple should have at least 1 item after validation, not 0"),
        (asking("x", messages=[{"role": "robot", "content": "x"}]), "messages.0.role: "),
        (
            asking("x", messages=[{"role": "assistant", "content": "x"}]),
            "messages: first message must use the user role",
        ),
        (asking("x", messages=[{"role": "user", "content": [{"type": "smell"}]}]), "messages.0.content"),
        (
            asking(
                "x",
                messages=[
                    user("x"),
                    {"role": "assistant", "content": [{"type": "tool_use", "id": "t9", "name": "B", "input": {}}]},
                    user("and?"),
                ],
            ),
            "`tool_use` ids without `tool_result` blocks after: t9",
        ),
        ([], "body: Input should be a valid dictionary"),
    ],
)
async def test_requests_that_the_api_refuses(
    model: ScriptedModel, http: httpx.AsyncClient, body: JsonValue, message: str
) -> None:
    model.register(KEY, script(say("never")))
    answer = await http.post("/v1/messages", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert answer.json()["error"]["message"].startswith(message)


async def test_the_version_header_is_required_and_unknown_fields_are_noted(
    model: ScriptedModel, http: httpx.AsyncClient
) -> None:
    model.register(KEY, script(Step(text="hi", expect='"surprise": 1')))
    assert (await http.post("/v1/messages", json=asking("x"), headers={"anthropic-version": ""})).status_code == 200
    del http.headers["anthropic-version"]
    assert (await http.post("/v1/messages", json=asking("x"))).status_code == 400
    http.headers["anthropic-version"] = "2023-06-01"
    model.register(KEY, script(Step(text="hi", expect='"surprise": 1')))
    await http.post("/v1/messages", json=asking("x", surprise=1))
    assert (model.calls[-1].unknown_fields, model.calls[-1].expected) == (("surprise",), True)


@pytest.mark.parametrize("stream", [False, True])
async def test_failures(model: ScriptedModel, http: httpx.AsyncClient, stream: bool) -> None:
    model.register(
        KEY,
        script(
            fail(529, "overloaded_error", "Overloaded", retry_after="1"),
            Step(stream_error=StreamFailure()),
            Step(drop=True),
            Step(text="x" * 200, drop_mid_stream=True),
        ),
    )
    first = await http.post("/v1/messages", json=asking("x", stream=stream))
    assert (first.status_code, first.headers["retry-after"], first.json()["error"]["type"]) == (
        529,
        "1",
        "overloaded_error",
    )
    second = await http.post("/v1/messages", json=asking("x", stream=stream))
    assert second.status_code == (200 if stream else 529)
    assert '"overloaded_error"' in second.text
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            await http.post("/v1/messages", json=asking("x", stream=stream))
    assert [call.status for call in model.calls] == [529, second.status_code, 0, 200 if stream else 0]


async def test_delay_side_calls_and_the_other_endpoints(model: ScriptedModel, http: httpx.AsyncClient) -> None:
    model.register(KEY, Script(steps=(Step(text="late", delay=0.2),), side=say("title")))
    started = asyncio.get_running_loop().time()
    assert await said(http, "x") == "late"
    assert asyncio.get_running_loop().time() - started >= 0.2
    side = await http.post("/v1/messages", json={"model": "m", "max_tokens": 9, "messages": [user("x")]})
    count = await http.post("/v1/messages/count_tokens", json={"model": "m", "messages": [user("x")]})
    assert side.json()["content"][0]["text"] == "title"
    assert count.json()["input_tokens"] > 0
    assert (await http.get("/v1/models")).json()["has_more"] is False
    assert [(await http.get(path)).status_code for path in ("/v1/models/none", "/v1/files", "/")] == [404, 404, 200]
    assert [call.kind for call in model.calls[:3]] == ["main", "side", "count_tokens"]


@pytest.mark.parametrize("wrong", [{"text": "x", "drop": True}, {"match": "("}, {"repeat": -2}, {"txt": "x"}])
def test_steps_that_make_no_sense(wrong: Body) -> None:
    with pytest.raises(ValidationError):
        Step.model_validate(wrong)


@pytest.fixture
def claude() -> Path:
    binary = ClaudeBinaries(Path.home() / ".cache" / "airut" / "claude").path()
    if not binary.exists():
        pytest.skip(f"no Claude Code at {binary}: run `airut image claude`")
    return binary


async def run_claude(claude: Path, url: str, home: Path, key: str, prompt: str, *session: str) -> list[Body]:
    """The events of one unattended run of the real CLI; only loopback is reachable for it."""
    environment = GIT_ENVIRONMENT | {
        "HOME": str(home), "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": key, "IS_SANDBOX": "1",
        "DISABLE_TELEMETRY": "1", "DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_MAX_RETRIES": "0",
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        str(claude), "-p", prompt, "--output-format", "stream-json", "--verbose", "--dangerously-skip-permissions",
        "--setting-sources", "user", "--strict-mcp-config", *session,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, env=environment, cwd=home / "work",
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 120)
    return [json.loads(line) for line in output.decode().splitlines()]


async def test_claude_code_commits_is_resumed_and_is_refused(
    model: ScriptedModel, server: HttpServer, tmp_path: Path, claude: Path
) -> None:
    work = tmp_path / "work"
    initialise = ("git", "init", "--quiet", "-b", "main", str(work))
    await (await asyncio.create_subprocess_exec(*initialise, env=GIT_ENVIRONMENT)).wait()
    first = commit({"it's.txt": "hi\n"}, "Add it's", "Added.", str(work))
    more = (write(f"{work}/b.txt", "b\n", "Now b."), say("Both are there."))
    model.register(KEY, Script(steps=(*first.steps, *more)))
    session = str(uuid.uuid4())
    events = await run_claude(claude, server.url, tmp_path, KEY, "add a file", "--session-id", session)
    assert (events[-1]["result"], events[-1]["is_error"]) == ("Added.", False)
    log = await asyncio.create_subprocess_exec(
        "git", "log", "--format=%s", cwd=work, env=GIT_ENVIRONMENT, stdout=asyncio.subprocess.PIPE
    )
    assert (await log.communicate())[0] == b"Add it's\n"

    resumed = await run_claude(claude, server.url, tmp_path, KEY, "and b", "--resume", session)
    assert resumed[-1]["result"] == "Both are there."
    assert (work / "b.txt").read_text() == "b\n"
    assert [call.step for call in model.calls_of(KEY)] == [0, 1, 2, 3, 4]
    assert {call.unknown_fields for call in model.calls} == {()}

    refused = await run_claude(claude, server.url, tmp_path, "sk-ant-api03-surrogate", "add a file")
    assert (refused[-1]["is_error"], refused[-1]["api_error_status"]) == (True, 401)
    assert model.calls_of("sk-ant-api03-surrogate")[0].known is False
