"""Each of podman-py's errors becomes one of ours."""

import pytest
import requests
from podman.errors import APIError

from airut.adapters.podman.failures import PHRASES, registry_hiccup, translate
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


PULL = "creating build container: initializing source docker://registry.example.com/team/base:1: "


@pytest.mark.parametrize(
    ("problem", "passing"),
    [
        (PULL + "pinging container registry registry.example.com: received unexpected HTTP status: 503 Service Unavailable", True),
        (PULL + "reading manifest 1 in registry.example.com/team/base: received unexpected HTTP status: 502 Bad Gateway", True),
        (PULL + "reading manifest 1 in docker.io/library/debian: toomanyrequests: You have reached your pull rate limit.", True),
        (PULL + 'pinging container registry registry.example.com: Get "https://registry.example.com/v2/": dial tcp 192.0.2.1:443: connect: connection refused', True),
        (PULL + 'pinging container registry registry.example.com: Get "https://registry.example.com/v2/": dial tcp: lookup registry.example.com on 192.0.2.53:53: server misbehaving', True),
        (PULL + 'Get "https://registry.example.com/v2/": net/http: TLS handshake timeout', True),
        ('building at STEP "COPY --from=registry.example.com/tool /t /t": copying system image from manifest list: reading blob sha256:00: unexpected EOF', True),
        (PULL + "reading manifest 1 in registry.example.com/team/base: manifest unknown", False),
        (PULL + "reading manifest 1 in registry.example.com/team/base: unauthorized: authentication required", False),
        (PULL + 'Get "https://registry.example.com/v2/": dial tcp: lookup registry.example.com: no such host', False),
        (PULL + "reading manifest 503 in registry.example.com/team/base: name unknown", False),
        ('building at STEP "RUN curl -f https://example.com/": while running runtime: exit status 22', False),
        ('building at STEP "RUN skopeo copy docker://a docker://b # 503 Service Unavailable": while running runtime: exit status 1', False),
        ("the image has no git; add it to the Dockerfile", False),
    ],
)  # fmt: skip
def test_a_registry_that_is_away_for_now_is_no_failing_dockerfile(problem: str, passing: bool) -> None:
    assert registry_hiccup(problem) is passing
