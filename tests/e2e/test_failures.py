"""Every failure is answered, in words that say what to do."""

import asyncio

import pytest

from airut.demo.repositories import commit_files
from airut.demo.sample import ALLOWLIST, DOCKERFILE
from airut.demo.script import Step, bash, fail, say
from airut.demo.stage import REPOSITORY
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.task import TaskStep
from tests.e2e.conversation import LIMIT, Conversation, body


@pytest.fixture
def repository(conversation: Conversation):  # type: ignore[no-untyped-def]  # a fixture's generator
    """Change files of the default branch; put right again after the test."""
    path = conversation.stage.repositories / f"{REPOSITORY}.git"

    def change(name: str, content: str) -> None:
        commit_files(path, "main", {name: content}, f"Change {name}")

    yield change
    change(".airut/network-allowlist.yaml", ALLOWLIST)
    change(".airut/container/Dockerfile", DOCKERFILE)


async def outcome_of(conversation: Conversation, text: str) -> tuple[TaskOutcome, str]:
    await conversation.writes(text)
    (answer,) = await conversation.answers()
    status = await conversation.idle(await conversation.thread(answer))
    return status.recent[-1].outcome, body(answer)


async def test_an_invalid_allowlist_starts_nothing(conversation: Conversation, repository) -> None:  # type: ignore[no-untyped-def]
    repository(".airut/network-allowlist.yaml", "url_prefixes:\n  - hots: example.com\n")
    await conversation.plays(say("never said"))
    outcome, text = await outcome_of(conversation, "Do something.")
    assert outcome is TaskOutcome.POLICY_INVALID
    assert "network-allowlist.yaml" in text
    assert "hots" in text
    assert await conversation.prompts() == []


async def test_a_failing_dockerfile_is_quoted(conversation: Conversation, repository) -> None:  # type: ignore[no-untyped-def]
    repository(".airut/container/Dockerfile", "FROM airut/base\nRUN echo about-to-fail && exit 7\n")
    await conversation.plays(say("never said"))
    outcome, text = await outcome_of(conversation, "Do something.")
    assert outcome is TaskOutcome.IMAGE_FAILED
    assert "about-to-fail" in text


async def test_a_refused_model_credential_is_waited_for_until_the_operator_mends_it(conversation: Conversation) -> None:
    await conversation.plays(*[fail(401, "authentication_error", "invalid x-api-key")] * 12)
    first = await conversation.writes("Do something.")
    async with asyncio.timeout(LIMIT):
        while not (mails := await conversation.mails()):  # the acknowledgement
            await asyncio.sleep(0.2)
        thread = await conversation.thread(mails[0])
        while (task := (await conversation.status(thread)).open_task) is None or not task.step.waits:
            await asyncio.sleep(0.2)
    assert task.step is TaskStep.AWAITING_OPERATOR
    assert task.until is not None
    await conversation.writes("stop", answers=first)
    (answer,) = await conversation.answers()
    assert (await conversation.idle(thread)).recent[-1].outcome is TaskOutcome.STOPPED
    assert "The task was stopped by ann@mail.test." in body(answer)


async def test_an_agent_that_fails_is_told_of(conversation: Conversation) -> None:
    await conversation.plays(*[fail(400, "invalid_request_error", "that is not possible")] * 12)
    outcome, text = await outcome_of(conversation, "Do something.")
    assert outcome is TaskOutcome.FAILED
    assert "could not finish" in text


async def test_a_refused_push_keeps_the_answer(conversation: Conversation) -> None:
    stage = conversation.stage
    commit = bash("cd /workspace && echo x > x.txt && git add -A && git commit -q -m X")
    await conversation.plays(commit, say("All done."), Step(text="x"))
    hook = stage.repositories / f"{REPOSITORY}.git" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'policy: no pushes today' >&2\nexit 1\n")
    hook.chmod(0o755)
    try:
        outcome, text = await outcome_of(conversation, "Do something.")
    finally:
        hook.unlink()
    assert outcome is TaskOutcome.PUBLISH_FAILED
    assert "All done." in text
    assert "no pushes today" in text
