import re

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from airut.adapters.mail_render.markdown import MAX_RENDERED, plain, to_html

PASSIVE = {
    *("html", "head", "meta", "body", "div", "p", "br", "em", "strong", "s", "a", "code", "pre", "ul", "ol", "li"),
    *("blockquote", "hr", "table", "thead", "tbody", "tr", "th", "td", "h1", "h2", "h3", "h4", "h5", "h6"),
}


def body(markdown: str, pictures: dict[str, str] | None = None) -> str:
    """What stands in the page, without styles, so that a table of cases stays readable."""
    html = to_html(markdown, (), pictures or {})
    inner = html.partition('line-height:1.5">\n')[2].removesuffix("</div></body></html>\n").rstrip("\n")
    return re.sub(r' style="[^"]*"', "", inner)


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("one\ntwo", "<p>one\ntwo</p>"),
        ("one  \ntwo\\\nthree", "<p>one<br />\ntwo<br />\nthree</p>"),
        ("snake_case_name and _it_", "<p>snake_case_name and <em>it</em></p>"),
        ("**open", "<p>**open</p>"),
        ("[open](http://e.org", "<p>[open](http://e.org</p>"),
        ("[open", "<p>[open</p>"),
        ("```py\nx < 1", "<pre><code>x &lt; 1</code></pre>"),
        ("    x & y", "<pre><code>x &amp; y\n</code></pre>"),
        ("`a<b`", "<p><code>a&lt;b</code></p>"),
        ("~~gone~~", "<p><s>gone</s></p>"),
        ("# Head\n\ntext", "<h1>Head</h1>\n<p>text</p>"),
        ("> a\n> > b", "<blockquote>\n<p>a</p>\n<blockquote>\n<p>b</p>\n</blockquote>\n</blockquote>"),
        ("7. a\n8. b", '<ol start="7">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("- a\n* b", "<ul>\n<li>a</li>\n</ul>\n<ul>\n<li>b</li>\n</ul>"),
        ("- a\n\n      code\n", "<ul>\n<li>\n<p>a</p>\n<pre><code>code\n</code></pre>\n</li>\n</ul>"),
        ("- a\n  ```\n  x\n  ```", "<ul>\n<li>a<pre><code>x\n</code></pre>\n</li>\n</ul>"),
        ("- [ ] a\n- [x] b\n- [X] c\n- [y] d", "<ul>\n<li>☐ a</li>\n<li>☑ b</li>\n<li>☑ c</li>\n<li>[y] d</li>\n</ul>"),
        ("[ ] no list", "<p>[ ] no list</p>"),
        ("a\0b\x1b[31mc", "<p>ab[31mc</p>"),
        ("a\r\nb\rc", "<p>a\nb\nc</p>"),
        ("<b>x</b> <script>alert(1)</script>", "<p>&lt;b&gt;x&lt;/b&gt; &lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("<div onclick=x>\ny\n</div>", "<p>&lt;div onclick=x&gt;\ny\n&lt;/div&gt;</p>"),
        ("&amp; &lt; &copy;", "<p>&amp; &lt; ©</p>"),
        ("| a |\n| b |", "<p>| a |\n| b |</p>"),
    ],
)
def test_text(markdown: str, html: str) -> None:
    assert body(markdown) == html


@pytest.mark.parametrize(
    ("markdown", "rows"),
    [
        ("|a|b|\n|-|-|\n|1|2|", [["a", "b"], ["1", "2"]]),
        ("|a|b|\n|-|-|\n|1|\n|1|2|3|", [["a", "b"], ["1", ""], ["1", "2"]]),
        ("|a|b|\n|-|-|\n|`x \\| y`|2|", [["a", "b"], ["x | y", "2"]]),
        ("a|b\n:-|-:\n1|2", [["a", "b"], ["1", "2"]]),
    ],
)
def test_tables(markdown: str, rows: list[list[str]]) -> None:
    page = BeautifulSoup(to_html(markdown, (), {}), "html.parser")
    assert [[cell.text for cell in row.find_all(["td", "th"])] for row in page.find_all("tr")] == rows


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("[t](https://e.org/?a=1&b=2)", '<p><a href="https://e.org/?a=1&amp;b=2">t</a></p>'),
        ("<mailto:a@e.org>", '<p><a href="mailto:a@e.org">mailto:a@e.org</a></p>'),
        ("[t](HTTPS://e.org 'title')", '<p><a href="HTTPS://e.org" title="title">t</a></p>'),
        ("[t](javascript:alert%281%29)", "<p>t (javascript:alert(1))</p>"),
        ("[t](JaVaScRiPt:x)", "<p>t (JaVaScRiPt:x)</p>"),
        ("[t](data:text/html,x)", "<p>t (data:text/html,x)</p>"),
        ("[t](file:///etc/passwd)", "<p>t (file:///etc/passwd)</p>"),
        ("[f.py](src/f.py)", "<p>f.py (src/f.py)</p>"),
        ("[t]()", "<p>t</p>"),
        ("[t](https://[bad)", '<p><a href="https://%5Bbad">t</a></p>'),
        ("![alt](https://e.org/pixel.png)", '<p><a href="https://e.org/pixel.png">alt</a></p>'),
        ("![](https://e.org/p.png)", '<p><a href="https://e.org/p.png">https://e.org/p.png</a></p>'),
        ("[![alt](https://e.org/p.png)](https://e.org)", '<p><a href="https://e.org">alt</a></p>'),
        ("![alt](data:image/png;base64,AAAA)", "<p>alt</p>"),
        ("![plot](plot 1.png)", "<p>![plot](plot 1.png)</p>"),
        ("![plot](</outbox/plot 1.png>)", '<p><img src="cid:1@e.org" alt="plot" /></p>'),
        ("![plot](./plot%201.png)", '<p><img src="cid:1@e.org" alt="plot" /></p>'),
        ("![plot](other.png)", "<p>plot</p>"),
    ],
)
def test_links_and_pictures(markdown: str, html: str) -> None:
    assert body(markdown, {"plot 1.png": "1@e.org"}) == html


def test_footer_is_text_and_out_of_reach() -> None:
    html = to_html("```\nopen\n\n<!-- ", ("cost <1 $", "airut x"), {})
    assert html.endswith(">cost &lt;1 $<br>\nairut x</p>\n</div></body></html>\n")


def test_very_long_text_is_shown_as_it_is() -> None:
    html = to_html("**a** " * (MAX_RENDERED // 5), (), {})
    assert "<strong>" not in html
    assert "**a** **a**" in html


def test_long_lines_stay_whole() -> None:
    assert body("x" * 5000) == f"<p>{'x' * 5000}</p>"


@given(st.text(max_size=300) | st.text("[](){}<>!*_`~|-:#\n \\'\"&;/xhtp=onerrorsc", max_size=200))
def test_whatever_comes_no_active_or_remote_content_goes(markdown: str) -> None:
    page = BeautifulSoup(to_html(markdown, (), {}), "html.parser")
    assert {tag.name for tag in page.find_all(True)} <= PASSIVE
    attributes = {name for tag in page.find_all(True) for name in tag.attrs}
    assert attributes <= {"charset", "style", "href", "title", "start"}
    assert all(str(tag["href"]).lower().startswith(("http:", "https:", "mailto:")) for tag in page.find_all("a"))


def test_plain_keeps_the_markdown_as_written() -> None:
    assert plain("a\r\n\tb\x00\x07\ud800") == "a\n\tb?"
