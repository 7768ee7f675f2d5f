"""Slack's markup as people read it."""

import pytest

from airut.models.slack.text import mentioned, readable, unnamed, without_mention, words

NAMES = {"U1": "Ann", "S1": "backend", "C1": "general"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello <@U1> and <@U9>, <@U1|ann>", "hello @Ann and @U9, @ann"),
        ("see <#C1|general> or <#C1>", "see #general or #general"),
        ("<!subteam^S1|@backend> <!subteam^S1> <!here> <!channel>", "@backend @backend @here @channel"),
        ("<!date^1392734382^{date}|18 Feb> <!date^1^{date}>", "18 Feb <!date^1^{date}>"),
        ("<https://a.test/x?y=1&amp;z> <https://a.test|docs> <mailto:a@b.test|a@b.test>",
         "https://a.test/x?y=1&z docs (https://a.test) a@b.test"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2 &amp;lt;", "1 < 2 && 3 > 2 &lt;"),
        ("<!unknown> <> 2 < 3", "<!unknown> <> 2 < 3"),
    ],
)  # fmt: skip
def test_readable(text: str, expected: str) -> None:
    assert readable(text, NAMES) == expected


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        ("<@U1>", "@Ann"),
        ("<@U1|>", "@Ann"),
        ("<@U1|ann>", "@ann"),
        ("<@U9>", "@U9"),
        ("<@W1>", "@W1"),
        ("<#C1|general>", "#general"),
        ("<#C1>", "#general"),
        ("<#C1|>", "#general"),
        ("<#C9|>", "#C9"),
        ("<!subteam^S1|@backend>", "@backend"),
        ("<!subteam^S1>", "@backend"),
        ("<!subteam^S9>", "@S9"),
        ("<!here>", "@here"),
        ("<!here|here>", "@here"),
        ("<!channel>", "@channel"),
        ("<!everyone|@everyone>", "@everyone"),
        ("<!date^1392734382^{date_short}^https://a.test|18 Feb>", "18 Feb"),
        ("<!date^1392734382^{date}>", "<!date^1392734382^{date}>"),
        ("<https://a.test>", "https://a.test"),
        ("<https://a.test|https://a.test>", "https://a.test"),
        ("<https://a.test?x=1&amp;y=2|a &lt;b&gt;>", "a <b> (https://a.test?x=1&y=2)"),
        ("<mailto:a@b.test|a@b.test>", "a@b.test"),
        ("<mailto:a@b.test|Ann>", "Ann (a@b.test)"),
        ("<tel:+4912345|call>", "call (tel:+4912345)"),
        ("<!unknown^x|label>", "<!unknown^x|label>"),
        ("<>", "<>"),
        ("&amp;lt; &lt;@U1&gt;", "&lt; <@U1>"),
        ("`<@U1>` ~no~ *yes* :tada:", "`@Ann` ~no~ *yes* :tada:"),
    ],
)
def test_each_token(token: str, shown: str) -> None:
    assert readable(token, NAMES) == shown


def test_what_needs_a_name() -> None:
    text = "<@U1> <@U2|bo> <#C1|> <#C2|x> <!subteam^S1> <!subteam^S2|@y> <!here> <https://a.test> &lt;@U3&gt;"
    assert unnamed(text) == ("U1", "C1", "S1")


def test_mentions() -> None:
    assert mentioned("<@U1> asks <@W2|bo>; not <#C1> nor <!here> nor @U3") == ("U1", "W2")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<@U0> do it", "do it"),
        ("<@U0|airut>: do it", "do it"),
        ("please <@U0>, do it <@U1>", "please do it <@U1>"),
        ("<@U0>", ""),
        ("<@U01> other", "<@U01> other"),
        ("one\n<@U0> two", "one\ntwo"),
        ("one <@U0>\ntwo", "one \ntwo"),
        ("<@U0> fix\n```\ndef f():\n    return  1\n```", "fix\n```\ndef f():\n    return  1\n```"),
        ("  indented <@U0>", "indented"),
    ],
)
def test_our_own_mention_is_taken_out(text: str, expected: str) -> None:
    assert without_mention(text, "U0") == expected


def test_a_post_without_text_is_quoted_from_its_blocks_and_what_it_shares() -> None:
    blocks = [
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "hi"}]}],
        },
        {"type": "section", "text": {"type": "mrkdwn", "text": "two\nlines"}},
    ]
    assert words({"text": "plain", "blocks": blocks}) == "plain"
    assert words({"text": "", "blocks": blocks}) == "> hi\n> two\n> lines"
    assert (
        words({"attachments": [{"author_name": "Ann", "text": "shared"}, {"fallback": "chart"}]})
        == "> Ann: shared\n> chart"
    )
    assert words({}) == ""
