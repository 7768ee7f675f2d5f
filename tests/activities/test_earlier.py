"""What was said before a message, as its thread is given it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.earlier import EarlierReading
from airut.adapters.blobs_local import LocalBlobStore
from airut.models.blob import INLINE_LIMIT
from airut.models.credentials.redaction import Redactor
from airut.models.threads.earlier import Earlier, EarlierInput, EarlierPost, EarlierResult
from airut.models.threads.message import ChannelKind, RemoteFile, SlackRoute
from airut.ports.texts import fetch

ROUTE = SlackRoute(team="T1", channel="C1", thread_ts="1.0", ts="2.0", user="U1")
ORDER = EarlierInput(repo="web", channel=ChannelKind.SLACK, route=ROUTE, since=0.0, everything=True)
FILE = RemoteFile(id="F1", name="a.csv", media_type="text/csv", size=3, url="https://files.slack.com/a.csv")
AT = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)


class Said:
    def __init__(self, *texts: str) -> None:
        self._texts = texts

    async def earlier(self, order: EarlierInput) -> Earlier:
        return Earlier(posts=tuple(EarlierPost(author="Ann", at=AT, text=text, files=(FILE,)) for text in self._texts))


@pytest.mark.parametrize("words", [1, INLINE_LIMIT])
async def test_it_holds_no_secret_and_lies_beside_the_history_where_it_is_long(tmp_path: Path, words: int) -> None:
    redactor, blobs = Redactor(), LocalBlobStore(tmp_path)
    redactor.add("xoxb-a-real-token")
    reading = EarlierReading(Said("use xoxb-a-real-token", "word " * words), blobs, redactor)
    result = await ActivityEnvironment().run(reading.read_earlier, ORDER)
    assert result.files == (FILE, FILE)
    assert result.context is not None
    assert (result.context.blob is None) is (words == 1)
    text = await fetch(blobs, result.context)
    assert "[Ann, 2026-03-29 12:00 UTC] use *** [files: a.csv]" in text


async def test_where_nothing_was_said_there_is_none(tmp_path: Path) -> None:
    reading = EarlierReading(Said(), LocalBlobStore(tmp_path))
    assert await ActivityEnvironment().run(reading.read_earlier, ORDER) == EarlierResult()
