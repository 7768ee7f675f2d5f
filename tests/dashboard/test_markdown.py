"""What strangers write is shown, and can do nothing."""

import time

import pytest

from airut.dashboard.markdown import PARSED_MOST, line, rendered

REL = ' rel="noopener noreferrer nofollow"'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**b** `c`", "<p><strong>b</strong> <code>c</code></p>\n"),
        ("# Top\n###### Low", "<h4>Top</h4>\n<h6>Low</h6>\n"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
        ("<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>\n"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("[x](JaVaScRiPt&colon;alert(1))", "<p>[x](JaVaScRiPt:alert(1))</p>\n"),
        ("[x](data:text/html,hi)", "<p>[x](data:text/html,hi)</p>\n"),
        ("[x](/config)", "<p>[x](/config)</p>\n"),
        ("[x](//evil.example/)", "<p>[x](//evil.example/)</p>\n"),
        ("[x](https://e.org/?a=1&b=2)", f'<p><a href="https://e.org/?a=1&amp;b=2"{REL}>x</a></p>\n'),
        ("<https://e.org>", f'<p><a href="https://e.org"{REL}>https://e.org</a></p>\n'),
        ("[x](mailto:a@b.example)", f'<p><a href="mailto:a@b.example"{REL}>x</a></p>\n'),
        ('[x](https://e.org "a\\"b")', f'<p><a href="https://e.org" title="a&quot;b"{REL}>x</a></p>\n'),
        ("![i](https://t.example/pixel.png)", f'<p>!<a href="https://t.example/pixel.png"{REL}>i</a></p>\n'),
        ('```x" onclick="y\n<b>\n```', "<pre><code>&lt;b&gt;\n</code></pre>\n"),
        ("a\u202eb\x1bc", "<p>a\ufffdb\ufffdc</p>\n"),
        ("|a|\n|-:|\n|<b>|", "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>&lt;b&gt;</td>\n</tr>\n</tbody>\n</table>\n"),
    ],
)  # fmt: skip
def test_texts(text: str, html: str) -> None:
    assert str(rendered(text)) == html


def test_a_sentence_stays_within_its_line() -> None:
    assert str(line("# `resume` <b>")) == "# <code>resume</code> &lt;b&gt;"


def test_a_long_text_is_not_parsed() -> None:
    assert str(rendered("<" * (PARSED_MOST + 1))) == "<pre>" + "&lt;" * (PARSED_MOST + 1) + "</pre>"


@pytest.mark.parametrize("piece", ["[", "*a_", "`", "> ", "![](", "- ", "|", "<", "[a](", "\\", "&"])
def test_no_text_takes_long(piece: str) -> None:
    began = time.process_time()
    rendered(piece * (PARSED_MOST // len(piece)))
    assert time.process_time() - began < 5  # at most a tenth of that was seen; a quadratic one takes minutes
