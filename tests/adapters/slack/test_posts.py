"""An answer as posts: what of it stands in the thread, and when it comes as a file."""

import time

import pytest

from airut.adapters.slack.posts import LONG, REPLY_FILE, answer
from airut.adapters.slack.text.mentions import Mentions
from airut.models.tasks.reply import Outbound, ReplyKind
from tests.support.messages import NOON
from tests.support.slack.blocks import faults


@pytest.mark.parametrize(
    ("markdown", "begins"),
    [
        ("a\n" * 500_000, "a\na\n"),  # all of it rendered, and cut, would take a minute of everybody's time
        ("word " * 200_000, "word word"),
        ("```\n" + "code\n" * 100_000, "```\ncode"),
        ("\n" * LONG + "late", "…"),
    ],
)
def test_what_is_far_too_long_is_a_file_with_its_beginning_before_it(markdown: str, begins: str) -> None:
    outbound = Outbound(
        key="k", repo="web", thread="web/slack/t", task=1, kind=ReplyKind.ANSWER, at=NOON, markdown=markdown, routes=()
    )
    before = time.process_time()
    made = answer(outbound, Mentions())
    assert time.process_time() - before < 5
    (post,) = made.posts
    assert faults(post.blocks(), post.text) == []
    assert post.sections[0].startswith(begins)
    assert REPLY_FILE in post.sections[1]
    assert made.whole == markdown.encode()
