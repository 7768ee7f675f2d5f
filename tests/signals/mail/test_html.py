import pytest

from signals.mail.html import MAX_HTML, MAX_TAGS, html_to_markdown

CASES = {
    "paragraphs": ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
    "div lines": ("<div>one</div><div>two</div><div><br></div><div>three</div>", "one\ntwo\n\nthree"),
    "emphasis": ("<b>bold </b>and<i> it</i> <s>no</s> <code>a`b</code>", "**bold** and *it* ~~no~~ ``a`b``"),
    "bold blocks": ("<b><div>one</div><div>two</div></b>", "one\ntwo"),
    "headings": ("<h1>A</h1>text<h3>B  C</h3>", "# A\n\ntext\n\n### B C"),
    "links": (
        '<a href="https://x.org/a">here</a> <a href="https://x.org/">https://x.org</a> <a href="javascript:x">no</a>'
        ' <a href="mailto:a@b.org">a@b.org</a>',
        "[here](https://x.org/a) https://x.org no a@b.org",
    ),
    "lists": (
        '<ul><li>a<ul><li>b</li></ul></li><li><p>c</p></li></ul><ol start="3"><li>x</li><li>y</li></ol>',
        "- a\n  - b\n- c\n\n3. x\n4. y",
    ),
    "tasks": (
        '<ul><li><input type="checkbox" checked>done</li><li><input type="checkbox">not</li></ul>',
        "- [x] done\n- [ ] not",
    ),
    "code": ("<pre>if x:\n    y &lt; 1\n</pre>", "```\nif x:\n    y < 1\n```"),
    "table": (
        "<table><tr><th>a</th><th>b</th></tr><tr><td>1|2</td></tr><tr><td>3</td><td>4</td><td>5</td></tr></table>",
        "| a | b |  |\n| --- | --- | --- |\n| 1\\|2 |  |  |\n| 3 | 4 | 5 |",
    ),
    "table without header": ("<table><tr><td>1</td><td>2</td></tr></table>", "|  |  |\n| --- | --- |\n| 1 | 2 |"),
    "layout table": ("<table><tr><td><table><tr><td>in</td></tr></table></td><td>out</td></tr></table>", "in\nout"),
    "quote": ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
    "dropped": (
        "<head><title>t</title><style>s</style></head><script>x</script><p>a<span style='display:none'>h</span></p>"
        "<img src='https://t.org/p.gif' width=1 height=1><img src='https://x.org/y.png' alt='a chart'>",
        "a\n\na chart",
    ),
    "pictures": ('see <img src="cid:p1@x"> there <img src="cid:unknown">', "see [file: chart.png] there"),
    "picture names": (
        '<img src="CID:p1%40x"><img src="https://x.org/a.gif" alt=":-)" width="16"><img src=x style="height:1px">'
        "<img src=x height=1px><img src=x style='max-width:100%;width:0px'>",
        "[file: chart.png]:-)",
    ),
    "hidden": (
        '<div style="display: none !important">a</div><div hidden>b</div><p style="mso-hide:all">c</p>'
        "<!--[if mso]>d<![endif]--><noscript>e</noscript><template>f</template>g",
        "g",
    ),
    "nested lists": (
        "<ol><li>a<ol><li>b</li></ol></li><li>c</li></ol><ul><ul><li>d</li></ul></ul>",
        "1. a\n   1. b\n2. c\n\n  - d",
    ),
    "code in a list": ("<ul><li>x<pre>a\n  b</pre></li></ul>", "- x\n\n  ```\n  a\n    b\n  ```"),
    "fences in code": ("<pre>```\nx\n```</pre>", "````\n```\nx\n```\n````"),
    "line breaks": ("a<br>b<br/><br />c", "a\nb\n\nc"),
    "empty cells": (
        "<table><tr><th>a</th><th></th></tr><tr></tr><tr><td><br></td><td>b</td></tr></table>",
        "| a |  |\n| --- | --- |\n|  | b |",
    ),
    "an address as its own link": ('<a href="mailto:a@b.org">&lt;a@b.org&gt;</a>', "<a@b.org>"),
    "entities": ("a&nbsp;b &amp; &lt;c&gt; &#x263A; &bogus", "a b & <c> ☺ &bogus"),
    "outlook lists": (
        "<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]><span>·<span>&nbsp;&nbsp;"
        "</span></span><![endif]>one</p><p class=MsoListParagraphCxSpLast style='mso-list:l0 level2 lfo1'>o&nbsp; two</p>"
        "<p class=MsoListParagraph>2)&nbsp; three</p>",
        "- one\n  - two\n2 three",
    ),
    "plain": ("just text, no tags", "just text, no tags"),
    "url alone": ("https://x.org/a", "https://x.org/a"),
    "xml": ('<?xml version="1.0"?><html><body><p>x</p></body></html>', "x"),
    "empty": ("", ""),
}


@pytest.mark.parametrize(("html", "markdown"), CASES.values(), ids=CASES)
def test_markdown(html: str, markdown: str) -> None:
    assert html_to_markdown(html, {"p1@x": "chart.png"}) == markdown


def test_what_is_beyond_the_limits_is_cut() -> None:
    assert html_to_markdown(f"in<!--{'x' * MAX_HTML}-->out") == "in"
    assert html_to_markdown(f"in{'<!-->' * (MAX_TAGS - 1)}in") == "inin"
    assert html_to_markdown(f"in{'<!-->' * MAX_TAGS}<i>out</i>") == "in"


@pytest.mark.timeout(60)  # seconds on a busy machine; time that grows with the square would need many minutes
@pytest.mark.parametrize("piece", ["<!--", "<a b='", "<![if ", "<?", "&#", "<table><tr><td>"])
def test_html_made_to_be_slow(piece: str) -> None:
    assert html_to_markdown(f"x{piece * 20_000}").startswith("x")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "html",
    [
        "<blockquote type=cite>a</blockquote>b" * 8000,
        "<i hidden>a</i>b" * 8000,
        "<span class=gmail_signature>a</span>b" * 8000,
        "<div id=appendonsend></div>b" * 8000,
        f"<pre>{'`' * 100_000}</pre>b",
        f"<table>{'<tr><td>a</td></tr>' * 4000}<tr>{'<td>b</td>' * 4000}</tr></table>",
    ],
    ids=["quotes", "hidden", "signatures", "separators", "fence", "table"],
)
def test_what_costs_for_each_of_many(html: str) -> None:
    markdown = html_to_markdown(html)
    assert "b" in markdown
    assert len(markdown) < 4 * len(html)


def test_depth_is_no_danger() -> None:
    assert html_to_markdown("<div>" * 5000 + "deep") == "deep"
    assert html_to_markdown("<b>" * 5000 + "deep").strip("*") == "deep"
    assert "deep" in html_to_markdown("<ul><li>" * 400 + "deep")
    assert "deep" in html_to_markdown("<blockquote type=cite>" * 5000 + "deep")
