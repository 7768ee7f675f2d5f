"""What an answer looks like in Slack."""

import pytest

from airut.adapters.slack.text.lengths import written
from airut.adapters.slack.text.mentions import Candidate, Mentions
from airut.adapters.slack.text.mrkdwn import lines

PEOPLE = Mentions(
    [
        Candidate(kind="user", id="U1", names=("Ann Lee", "ann")),
        Candidate(kind="user", id="U2", names=("Bo", "same")),
        Candidate(kind="user", id="U3", names=("Cy", "same")),
        Candidate(kind="group", id="S1", names=("backend", "ann")),
        Candidate(kind="channel", id="C1", names=("deploys",)),
    ]
)

CASES = [
    ("**bold** _it_ ***both*** ~~gone~~", "*bold* _it_ _*both*_ ~gone~"),
    ("re**do**ne", "re\u200b*do*\u200bne"),
    ("# A **bold** title\ntext", "*A bold title*\n\ntext"),
    ("one\n\n---\n\ntwo", "one\n\n———\n\ntwo"),
    ("[docs](https://a.test/x?y=1&z=a|b)", "<https://a.test/x?y=1&z=a%7Cb|docs>"),
    ("[a > b](https://a.test)", "<https://a.test|a &gt; b>"),
    ("<https://a.test/x>", "<https://a.test/x>"),
    ("![chart](https://a.test/c.png)", "<https://a.test/c.png|chart>"),
    ("![chart](chart.png)", "chart"),
    ("[bad](javascript:alert(1))", "bad (javascript:alert(1))"),
    ("[mail](mailto:a@b.test)", "<mailto:a@b.test|mail>"),
    ("[**b** _i_](https://a.test)", "<https://a.test|b i>"),
    ("[https://bank.test/a](https://evil.test)", "https://bank.test/a (<https://evil.test>)"),
    ("[see www.bank.test](https://evil.test/www.bank.test)", "see www.bank.test (<https://evil.test/www.bank.test>)"),
    ("[https://bank.test@evil.test](https://evil.test)", "https://bank.test@evil.test (<https://evil.test>)"),
    ("[https://www.A.test/1](https://a.test/2) [README.md](https://a.test/b)", "<https://a.test/2|https://www.A.test/1> <https://a.test/b|README.md>"),
    ("- one\n- two\n  - deep\n    - deeper\n      - deepest", "• one\n• two\n    ◦ deep\n        ▪ deeper\n            ▪ deepest"),
    ("- [ ] open\n- [x] done\n-", "• ☐ open\n• ☑ done\n•"),
    ("7. seven\n8. eight", "7. seven\n8. eight"),
    ("- loose\n\n- list\n\n  more", "• loose\n\n• list\n\n  more"),
    ("> said\n>\n> - point\n>\n> > deep", "> said\n>\n> • point\n>\n> > deep"),
    ("`a < b` and ``x`y``", "`a &lt; b` and `x\u200b`\u200by`"),
    ("```py\nif a < b:\n    pass\n```", "```\nif a &lt; b:\n    pass\n```"),
    ("    indented\n    code", "```\nindented\ncode\n```"),
    ("before\n\n```\n```\n\nafter", "before\n\nafter"),
    ("````\n```\ninner\n```\n````", "```\n`\u200b`\u200b`\ninner\n`\u200b`\u200b`\n```"),
    ("- item\n\n  ```\n  code\n  ```", "• item\n\n```\ncode\n```"),
    ("| name | 数 |\n|:--|--:|\n| a&b | 1 |\n| café | 漢字 |\n| x |", "```\nname |   数\n-----+-----\na&amp;b  |    1\ncafé | 漢字\nx    |\n```"),
    ("<b>html</b>\n\n<div>\nblock\n</div>", "&lt;b&gt;html&lt;/b&gt;\n\n&lt;div&gt;\nblock\n&lt;/div&gt;"),
    ("<!channel> & <@U9> <!here>", "&lt;!channel&gt; &amp; &lt;@U9&gt; &lt;!here&gt;"),
    ("a\\*b\\* &amp; &lt;", "a*b* &amp; &lt;"),
    ("line one\nline two  \nline three", "line one\nline two\nline three"),
    ("@ann, @Ann Lee. and @ANN?", "<@U1>, <@U1>. and <@U1>?"),
    ("@backend see #deploys and #unknown", "<!subteam^S1> see <#C1> and #unknown"),
    ("@same is two people; @annabel is nobody; mail x@ann.test; @ann.lee", "@same is two people; @annabel is nobody; mail x@ann.test; @ann.lee"),
    ("`@ann` and [@ann](https://a.test/@ann) https://a.test/@ann", "`@ann` and <https://a.test/@ann|@ann> https://a.test/@ann"),
    (r"\`\`\` no fence", "`\u200b`\u200b` no fence"),
    ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("markdown", "mrkdwn"), CASES)
def test_markdown_becomes_mrkdwn(markdown: str, mrkdwn: str) -> None:
    assert written(lines(markdown, PEOPLE)) == mrkdwn


def test_controls_and_lone_surrogates_are_gone() -> None:
    assert written(lines("a\x00b\x1b[0m\ud800")) == "ab[0m?"


def test_what_would_take_seconds_to_parse_is_shown_as_it_is() -> None:
    text = "[" * 300_000
    assert written(lines(text)) == f"```\n{text}\n```"
