"""Files from Slack, and the bot's token to nobody else."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web as http

from airut.adapters.slack.downloads import SlackDownloads
from airut.adapters.slack.web.connection import SlackConnection
from airut.errors import FileDeferred, FileRefused, SecretError
from airut.models.credentials.secret import Secret
from airut.models.slack.settings import SlackChannel
from airut.models.threads.message import ChannelKind, RemoteFile
from airut.ports.remote_files import FetchedFile
from tests.support.slack.methods import APP_TOKEN, BOT_TOKEN
from tests.support.slack.server import Fault, SlackServer


class Elsewhere:
    """A server that is not Slack's, or that plays what Slack may answer: `answers` by path; `seen` is what came."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.seen: list[tuple[str, str | None]] = []
        self.url = ""

    async def handle(self, request: http.Request) -> http.Response:
        self.seen.append((request.path, request.headers.get("Authorization")))
        status, headers, body = self.answers[request.path]
        return http.Response(status=status, headers=headers, body=body)


@pytest.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    server = Elsewhere()
    app = http.Application()
    app.add_routes([http.get("/{path:.*}", server.handle)])
    runner = http.AppRunner(app)
    await runner.setup()
    await http.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


def downloads(api: str, **limits: Any) -> SlackDownloads:
    values = {"bot_token": Secret(BOT_TOKEN), "app_token": Secret(APP_TOKEN), "limits": limits, "api": f"{api}/api/"}
    settings = SlackChannel.model_validate({**values, "authorized": [{"workspace_members": True}]})
    return SlackDownloads({"web": settings}, {"web": SlackConnection(settings).web()})


def file(url: str, size: int = 3, media_type: str = "text/csv") -> RemoteFile:
    return RemoteFile(id="F1", name="a.csv", media_type=media_type, size=size, url=url)


async def fetched(found: SlackDownloads, wanted: RemoteFile) -> bytes:
    return (await found.fetch("web", ChannelKind.SLACK, wanted)).content


async def test_a_file(slack: SlackServer) -> None:
    made = slack.upload("a.csv", b"a,b", "text/csv")
    assert await fetched(downloads(slack.base), file(made["url_private"])) == b"a,b"


@pytest.mark.parametrize(
    "url",
    [
        "http://files.slack.com/x",
        "https://files.slack.com.evil.test/x",
        "https://evil.test/files.slack.com",
        "https://files.slack.com:8443/x",
        "https://user@files.slack.com/x",
        "https://user:pass@slack.com/x",
        "https://127.0.0.1/x",
        "https://[::1/x",
        "//files.slack.com/x",
        "file:///etc/passwd",
        "https://files.slack.com@evil.test/x",
        "https://FILES.slack.com/x",
        "https://files.slack.com./x",
        "https://127.1/x",
    ],
)
async def test_other_addresses_are_not_asked(elsewhere: Elsewhere, url: str) -> None:
    with pytest.raises(FileRefused, match="not one of Slack's"):
        await fetched(downloads(elsewhere.url), file(url))
    assert elsewhere.seen == []


async def test_a_redirect_does_not_carry_the_token_away(slack: SlackServer, elsewhere: Elsewhere) -> None:
    asked = Elsewhere()
    asked.url = elsewhere.url
    elsewhere.answers["/start"] = (302, {"Location": f"{slack.base}/files/F1/a.csv"}, b"")
    with pytest.raises(FileRefused, match="not one of Slack's"):
        await fetched(downloads(elsewhere.url), file(f"{elsewhere.url}/start"))
    assert elsewhere.seen == [("/start", f"Bearer {BOT_TOKEN}")]


async def test_redirects_have_an_end(elsewhere: Elsewhere) -> None:
    elsewhere.answers["/round"] = (302, {"Location": "/round"}, b"")
    with pytest.raises(FileRefused, match="from one address to the next"):
        await fetched(downloads(elsewhere.url), file(f"{elsewhere.url}/round"))


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ((429, {"Retry-After": "7"}, b""), FileDeferred, "429"),
        ((503, {}, b""), FileDeferred, "503"),
        ((404, {}, b""), FileRefused, "404"),
        ((200, {"Content-Type": "text/html"}, b"<html>"), FileRefused, "files:read"),
        ((200, {"Content-Type": "text/csv"}, b"x" * 2000), FileRefused, "the limit is"),
    ],
)
async def test_answers_that_are_no_file(
    elsewhere: Elsewhere, answer: tuple[int, dict[str, str], bytes], kind: type[Exception], words: str
) -> None:
    elsewhere.answers["/f"] = answer
    with pytest.raises(kind, match=words) as caught:
        await fetched(downloads(elsewhere.url, file=1024), file(f"{elsewhere.url}/f"))
    assert getattr(caught.value, "retry_after", None) == (7.0 if answer[0] == 429 else None)


async def test_what_is_known_to_be_too_large_is_not_asked_for(elsewhere: Elsewhere) -> None:
    with pytest.raises(FileRefused, match=r"2\.0 MiB"):
        await fetched(downloads(elsewhere.url, file=1024**2), file(f"{elsewhere.url}/f", size=2 * 1024**2))
    assert elsewhere.seen == []


async def test_a_token_that_cannot_be_read_is_waited_for(slack: SlackServer) -> None:
    def token() -> str:
        if source:
            return source[0]
        raise SecretError("bot_token: no such file")

    source = [BOT_TOKEN]
    values = {"bot_token": Secret(token), "app_token": Secret(APP_TOKEN), "api": f"{slack.base}/api/"}
    settings = SlackChannel.model_validate({**values, "authorized": [{"workspace_members": True}]})
    found = SlackDownloads({"web": settings}, {"web": SlackConnection(settings).web()})
    made = slack.upload("a.csv", b"a,b", "text/csv")
    source.clear()
    with pytest.raises(FileDeferred, match="bot_token: no such file"):
        await fetched(found, file(made["url_private"]))
    source.append(BOT_TOKEN)
    assert await fetched(found, file(made["url_private"])) == b"a,b"


async def test_nobody_there() -> None:
    with pytest.raises(FileDeferred, match="does not hand out F1"):
        await fetched(downloads("http://127.0.0.1:9"), file("http://127.0.0.1:9/f"))


async def test_a_file_of_which_only_the_id_is_known(slack: SlackServer) -> None:
    made = slack.upload("plan", b"print()", "text/plain", mode="snippet", filetype="python")
    unknown = RemoteFile(id=made["id"], name="attachment-1.bin", media_type="application/octet-stream", size=0, url="")
    assert await downloads(slack.base).fetch("web", ChannelKind.SLACK, unknown) == FetchedFile(
        name="plan.py", media_type="text/plain", content=b"print()"
    )


@pytest.mark.parametrize(
    ("fault", "more", "kind", "words"),
    [
        (Fault("files.info", error="file_not_found"), {}, FileRefused, "it was deleted"),
        (Fault("files.info", error="access_denied"), {}, FileRefused, r"does not let us read it \(access_denied\)"),
        (Fault("files.info", error="missing_scope"), {}, FileDeferred, "compare the app"),
        (Fault("files.info", status=429, retry_after=30), {}, FileDeferred, "ratelimited"),
        (None, {"mode": "external"}, FileRefused, "another service"),
        (None, {"size": 200 * 1024**2}, FileRefused, r"200\.0 MiB"),
    ],
)
async def test_a_file_that_slack_says_is_none(
    slack: SlackServer, fault: Fault | None, more: dict[str, Any], kind: type[Exception], words: str
) -> None:
    made = slack.upload("a.csv", b"a,b", "text/csv", **more)
    slack.faults += [fault] if fault else []
    with pytest.raises(kind, match=words) as caught:
        await fetched(downloads(slack.base), file("").model_copy(update={"id": made["id"]}))
    after = {"missing_scope": 300.0, "": 30.0}.get(fault.error) if fault else None
    assert getattr(caught.value, "retry_after", None) == after


async def test_a_channel_that_was_taken_out() -> None:
    with pytest.raises(FileRefused, match="no slack channel any more"):
        await SlackDownloads({}, {}).fetch("web", ChannelKind.SLACK, file("https://files.slack.com/x"))
