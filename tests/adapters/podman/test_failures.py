"""Each of podman-py's errors becomes one of ours."""

import pytest
import requests
from podman.errors import APIError

from airut.adapters.podman.failures import PHRASES, translate
from airut.errors import EngineError, EngineUnavailable, SandboxError


def answered(words: str) -> APIError:
    response = requests.Response()
    response.status_code = 500
    return APIError(words, response=response, explanation=words)


@pytest.mark.parametrize(("phrase", "kind"), PHRASES)
def test_by_the_engines_words(phrase: str, kind: type[SandboxError]) -> None:
    problem = translate(answered(f"Creating: {phrase.upper()}: x"), "create container a")
    assert type(problem) is kind
    assert str(problem).startswith("create container a: Creating")


def test_anything_else() -> None:
    assert type(translate(answered("the moon is full"), "x")) is EngineError


def wrapped(cause: Exception) -> APIError:
    error = APIError("http://socket/x", explanation="GET operation failed")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (wrapped(requests.ConnectionError("Connection aborted")), EngineUnavailable),
        (wrapped(FileNotFoundError(2, "no socket")), EngineUnavailable),
        (wrapped(requests.ReadTimeout("slow")), EngineUnavailable),
        (ConnectionRefusedError(111, "refused"), EngineUnavailable),
    ],
)
def test_without_an_answer(error: OSError, kind: type[SandboxError]) -> None:
    assert type(translate(error, "x")) is kind
