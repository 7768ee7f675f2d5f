"""What a job's summary and its notes say, and that nobody else can say anything there."""

import re
from html.parser import HTMLParser
from typing import override

import pytest
from markdown_it import MarkdownIt

from airut.ci.summary import annotations, summary
from tests.ci.results import EVIL, FAILED, PASSED, hostile


def test_a_run_that_passed() -> None:
    assert (
        summary(PASSED)
        == """\
### airut-sandbox: passed

<table>
<tr><td>Command</td><td><code>make test</code></td></tr>
<tr><td>Result</td><td>passed</td></tr>
<tr><td>Exit code</td><td>0</td></tr>
<tr><td>Time</td><td>12.3 s</td></tr>
<tr><td>Blocked requests</td><td>0</td></tr>
</table>
"""
    )
    assert annotations(PASSED) == ""


def test_a_run_that_failed() -> None:
    assert (
        summary(FAILED)
        == """\
### airut-sandbox: failed

<table>
<tr><td>Command</td><td><code>make test</code></td></tr>
<tr><td>Result</td><td><code>out of memory: limit 4g, raise limits.memory</code></td></tr>
<tr><td>Exit code</td><td>137</td></tr>
<tr><td>Time</td><td>1 min 23 s</td></tr>
<tr><td>Limit met</td><td>memory (<code>limits.memory</code>)</td></tr>
<tr><td>Blocked requests</td><td>4</td></tr>
</table>

> [!NOTE]
> `.airut/` is changed here. This run was under the base branch's; the change holds once it is merged.

<ul>
<li><code>.airut/network-allowlist.yaml</code></li>
</ul>

#### Blocked requests

<table>
<tr><td><b>request</b></td><td><b>reason</b></td><td><b>times</b></td></tr>
<tr><td><code>GET https://example.com/a</code></td><td><code>host_not_allowed</code></td><td>3</td></tr>
<tr><td><code>CONNECT 10.0.0.1:22</code></td><td><code>private_address</code></td><td>1</td></tr>
</table>

To allow one, look at it, and add its entry to `url_prefixes` of `.airut/network-allowlist.yaml` on the base branch:

<pre>- <code>{&quot;host&quot;: &quot;example.com&quot;, &quot;path&quot;: &quot;/a&quot;, &quot;methods&quot;: [&quot;GET&quot;]}</code></pre>
"""
    )
    assert (
        annotations(FAILED)
        == """\
::notice file=.airut/network-allowlist.yaml,line=1,title=airut-sandbox::This file is not in force here: the base branch's is. It holds once it is merged.
::warning file=.airut/network-allowlist.yaml,line=1,title=airut-sandbox::blocked 3 times: GET https://example.com/a (host_not_allowed)
::warning file=.airut/network-allowlist.yaml,line=1,title=airut-sandbox::blocked once: CONNECT 10.0.0.1:22 (private_address)
::error title=airut-sandbox::out of memory: limit 4g, raise limits.memory
"""
    )


class Page(HTMLParser):
    """The elements of a page with their attributes, and its text outside of `code`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.outside = ""
        self._in_code = 0
        self.feed(page)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(f"{tag}{attrs or ''}")
        self._in_code += tag == "code"

    @override
    def handle_endtag(self, tag: str) -> None:
        self._in_code -= tag == "code"

    @override
    def handle_comment(self, data: str) -> None:
        self.elements.append("comment")

    @override
    def handle_data(self, data: str) -> None:
        if not self._in_code:
            self.outside += data


def rendered(text: str) -> Page:
    """As GitHub's Markdown: CommonMark with tables, struck text and bare addresses."""
    return Page(MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text))


@pytest.mark.parametrize("text", EVIL, ids=range(len(EVIL)))
def test_a_stranger_adds_nothing_to_the_page(text: str) -> None:
    page, harmless = rendered(summary(hostile(text))), rendered(summary(hostile("harmless")))
    assert (page.elements, page.outside) == (harmless.elements, harmless.outside)
    assert len(summary(hostile(text))) < 900_000  # what is taken of it


@pytest.mark.parametrize("text", EVIL, ids=range(len(EVIL)))
def test_a_stranger_gives_no_orders_to_the_runner(text: str) -> None:
    orders, harmless = annotations(hostile(text)).splitlines(), annotations(hostile("harmless")).splitlines()
    assert len(orders) == len(harmless) == 21
    for order, other in zip(orders, harmless, strict=True):
        name, properties, message = re.fullmatch(r"::(\w+) ((?:\w+=[^,:]*)(?:,\w+=[^,:]*)*)::(.*)", order).groups()  # type: ignore[union-attr]
        assert name == re.match(r"::(\w+)", other)[1]  # type: ignore[index]
        assert [each.partition("=")[0] for each in properties.split(",")][-1] == "title"
        # The runner decodes these three once, so what it shows is one line again.
        decoded = message.replace("%0D", "\r").replace("%0A", "\n")
        assert "\n" not in decoded
        assert "\r" not in decoded
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", order)
