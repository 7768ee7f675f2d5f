"""The page of a repository's network policy."""

from pathlib import Path

import pytest

from tests.support.dashboard import Served
from tests.support.mirrors import as_fetched

POLICY = ".airut/network-allowlist.yaml"
KEY = "sk-ant-api03-no-model-is-asked-here"
EVIL = "<svg/onload=alert(1)>"


@pytest.fixture
def served(tmp_path: Path) -> Served:
    made = Served.at(tmp_path)
    assert made.config is not None
    made.config.sources.redactor.add(KEY)
    return made


async def test_every_entry_that_holds_is_shown(served: Served) -> None:
    commit = as_fetched(served.folder, {POLICY: "domains: [docs.test]\npresets: [go]\n"})
    browser = served.browser()
    assert 'href="/repos/web/policy"' in (await browser.get("/repos/web")).text
    page = (await browser.get("/repos/web/policy")).text
    for words in (
        *(commit[:12], "trunk", "docs.test", "line 1", "preset go", "proxy.golang.org"),
        *("api.anthropic.com", "preset anthropic, granted by the server", "ANTHROPIC_API_KEY"),
    ):
        assert words in page
    assert KEY not in page


async def test_what_the_file_says_is_text_and_real_values_in_it_are_hidden(served: Served) -> None:
    entry = f'{{host: a.test, path: "/{EVIL}/*", query: {{q: "{EVIL}"}}, comment: "{EVIL} \u202e {KEY}"}}'
    as_fetched(served.folder, {POLICY: f"url_prefixes:\n  - {entry}\n"})
    page = (await served.browser().get("/repos/web/policy")).text
    assert page.count("&lt;svg/onload=") == 3
    assert ("<svg" in page, "\u202e" in page, KEY in page) == (False, False, False)


async def test_a_file_that_is_wrong_is_shown_with_lines_and_remedies(served: Served) -> None:
    as_fetched(
        served.folder, {POLICY: f'domains: [a.test]\nurl_prefixes:\n  - {{hosts: a}}\n  - "{EVIL}": 1\n{KEY}: 1\n'}
    )
    page = (await served.browser().get("/repos/web/policy")).text
    for words in ("No task can begin by it", f"{POLICY}:3:6", "&lt;svg/onload=", "did you mean &#34;host&#34;?"):
        assert words in page
    assert ("<table" in page, "<svg" in page, KEY in page) == (False, False, False)


async def test_a_branch_without_the_file(served: Served) -> None:
    as_fetched(served.folder, {"README.md": "x"})
    page = (await served.browser().get("/repos/web/policy")).text
    assert "allowed is only what the server grants" in page
    assert "api.anthropic.com" in page
    assert served.config is not None
    network = served.config.network.model_copy(update={"granted_presets": ()})
    served.config = served.config.model_copy(update={"network": network})
    assert "Nothing is allowed" in (await served.browser().get("/repos/web/policy")).text


async def test_a_machine_without_a_mirror_says_what_to_do(served: Served) -> None:
    page = (await served.browser().get("/repos/web/policy")).text
    assert "This machine has no copy of the repository." in page
    assert "airut policy check" in page


async def test_a_mirror_that_cannot_be_read(served: Served) -> None:
    mirror = served.folder / "mirrors" / "web.git"
    mirror.mkdir(parents=True)
    (mirror / "HEAD").write_text("nonsense\n")
    page = await served.browser().get("/repos/web/policy")
    assert (page.status_code, "The policy cannot be shown." in page.text) == (200, True)


async def test_an_open_network_is_said_in_plain_words(served: Served) -> None:
    as_fetched(served.folder, {POLICY: "domains: [docs.test]\n"})
    assert served.config is not None
    web = served.config.repos["web"]
    web = web.model_copy(update={"network": web.network.model_copy(update={"enabled": False})})
    served.config = served.config.model_copy(update={"repos": {**served.config.repos, "web": web}})
    page = (await served.browser().get("/repos/web/policy")).text
    assert ("The network is open." in page, "docs.test" in page) == (True, False)


async def test_a_repository_that_is_not_there(served: Served) -> None:
    answer = await served.browser().get("/repos/none/policy")
    assert (answer.status_code, "There is no repository none" in answer.text) == (404, True)
