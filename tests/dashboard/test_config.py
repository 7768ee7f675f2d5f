"""The configuration's forms: what they show, what they change, and what they never do."""

import re
from pathlib import Path

import httpx
import pytest

from airut.models.telemetry.audit import AuditAction, AuditEvent
from tests.support.dashboard import Served
from tests.support.page_forms import fields

FILE = """\
# Acme's agents
config_version: 1
vars: {pw: hunter2-var, team: ["*@example.com"]}

limits: {time: 45m,  memory: 2g}   # for all

repos:
  web:  # the shop
    url: https://github.com/acme/web.git
    channels: {console: {}}
    env:
      CI: "1"
      DEPLOY_TOKEN: ghp_hunter2abcdefghijklmnopqrstuvwxyz01
    agent:
      auth: {api_key: !env WEB_KEY}   # from .env
    forge: {auth: {token: !var pw}}
    credentials:
      GH: {value: hunter2-literal, hosts: [api.github.com]}
"""
DOTENV = "# keys\nWEB_KEY=hunter2-key\n"
SECRETS = ("hunter2", "typed-just-now")

KEY = '["repos", "web", "agent", "auth", "api_key"]'
TIME = '["limits", "time"]'


@pytest.fixture
def served(tmp_path: Path) -> Served:
    made = Served.at(tmp_path)
    made.file.write_text(FILE)
    made.dotenv.write_text(DOTENV)
    return made


async def opened(browser: httpx.AsyncClient, path: str = "/config") -> dict[str, str]:
    page = await browser.get(path)
    assert page.status_code == 200
    assert not any(secret in page.text for secret in SECRETS)
    return fields(page.text, "/config")


async def sent(browser: httpx.AsyncClient, form: dict[str, str]) -> httpx.Response:
    answer = await browser.post("/config", data=form)
    assert not any(secret in answer.text for secret in SECRETS)
    return answer


@pytest.mark.parametrize("path", ["/config", "/config/repos/web"])
async def test_a_form_that_nobody_has_touched_changes_nothing(served: Served, path: str) -> None:
    browser = served.browser()
    answer = await sent(browser, {**await opened(browser, path), "do": "save"})
    assert (answer.status_code, "Nothing was changed." in answer.text) == (200, True)
    assert (served.file.read_text(), served.dotenv.read_text()) == (FILE, DOTENV)


async def test_a_change_is_shown_then_saved_and_everything_else_stays_byte_for_byte(served: Served) -> None:
    browser = served.browser()
    form = await opened(browser)
    checked = await sent(browser, {**form, f"set:{TIME}": "50m", "do": "check"})
    assert "This can be saved" in checked.text
    assert '<span class="removed">- limits: {time: 45m,  memory: 2g}   # for all' in checked.text
    assert '<span class="added">+ limits: {time: 50m,  memory: 2g}   # for all' in checked.text
    assert served.file.read_text() == FILE
    again = fields(checked.text, "/config")
    assert (again[f"set:{TIME}"], again[f"was:{TIME}"]) == ("50m", "45m")
    saved = await sent(browser, {**again, "do": "save"})
    assert (saved.status_code, saved.headers["location"]) == (303, "/config?saved=1")
    assert served.file.read_text() == FILE.replace("45m", "50m")
    assert "Saved to" in (await browser.get("/config?saved=1")).text
    digest = (await opened(browser))["digest"][:16]
    assert served.trail.events == [
        AuditEvent(
            actor="local",
            action=AuditAction.CONFIG_SAVED,
            object=str(served.file),
            detail={"changed": ("limits.time",), "digest": digest, "secrets": ()},
        )
    ]


async def test_what_would_not_be_read_is_not_saved_and_keeps_what_was_filled_in(served: Served) -> None:
    browser = served.browser()
    for do, status in (("check", 200), ("save", 422)):
        answer = await sent(browser, {**await opened(browser), f"set:{TIME}": "1s", "do": do})
        assert (answer.status_code, "limits.time: 1s is below the minimum 10s" in answer.text) == (status, True)
        assert 'href="/config/text#line-5"' in answer.text
        assert fields(answer.text, "/config")[f"set:{TIME}"] == "1s"
    assert served.file.read_text() == FILE
    assert served.trail.events == []


async def test_a_file_that_has_changed_since_is_not_overwritten(served: Served) -> None:
    browser = served.browser()
    form = await opened(browser)
    served.file.write_text(meanwhile := FILE.replace("memory: 2g", "memory: 3g"))
    answer = await sent(browser, {**form, f"set:{TIME}": "50m", "do": "save"})
    assert (answer.status_code, "the file has changed since" in answer.text) == (409, True)
    assert '<span class="added">+ limits: {time: 50m,  memory: 3g}' in answer.text
    assert served.file.read_text() == meanwhile
    answer = await sent(browser, {**fields(answer.text, "/config"), "do": "save"})
    assert answer.status_code == 303
    assert served.file.read_text() == meanwhile.replace("45m", "50m")  # what the other has saved is not undone


async def test_a_secret_is_written_beside_the_file_and_never_sent_back(served: Served) -> None:
    browser = served.browser()
    form = await opened(browser, "/config/repos/web")
    checked = await sent(browser, {**form, f"secret:{KEY}": "typed-just-now", "do": "check"})
    assert "Secrets are never sent back" in checked.text
    assert (await sent(browser, {**form, f"secret:{KEY}": "typed-just-now", "do": "save"})).status_code == 303
    assert served.file.read_text() == FILE
    assert served.dotenv.read_text() == '# keys\nWEB_KEY="typed-just-now"\n'
    literal = '["repos", "web", "credentials", "GH", "value"]'
    form = await opened(browser, "/config/repos/web")
    assert (await sent(browser, {**form, f"secret:{literal}": "typed-just-now", "do": "save"})).status_code == 303
    assert served.file.read_text() == FILE.replace("hunter2-literal", "!env WEB_CREDENTIALS_GH_VALUE")
    assert served.dotenv.read_text().splitlines()[2] == 'WEB_CREDENTIALS_GH_VALUE="typed-just-now"'
    assert [event.detail["secrets"] for event in served.trail.events] == [("WEB_KEY",), ("WEB_CREDENTIALS_GH_VALUE",)]


async def test_each_value_tells_where_it_comes_from(served: Served) -> None:
    page = (await served.browser().get("/config/repos/web")).text
    about = dict(re.findall(r'name="was:([^"]*)".*?<span class="source">([^<]*)</span>', page, re.DOTALL))
    told = {name.replace("&#34;", '"'): source for name, source in about.items()}
    assert told[KEY] == "environment or .env: WEB_KEY"
    assert told['["repos", "web", "url"]'] == "this file"
    assert told['["repos", "web", "timezone"]'] == "not set"


async def test_entries_are_added_and_removed(served: Served) -> None:
    browser = served.browser()
    at = '["repos", "web", "credentials"]'
    form = await opened(browser, "/config/repos/web")
    form |= {
        f"name:{at}": "CLOUD",
        f"kind:{at}": "kind: aws",
        "do": f"add:{at}",
        "remove:" + at[:-1] + ', "GH"]': "yes",
    }
    form = fields((await sent(browser, form)).text, "/config")
    new = at[:-1] + ', "CLOUD", '
    form |= {f'set:{new}"kind"]': "aws", f'set:{new}"hosts"]': "a.example\r\nb.example", "do": "save"}
    form |= {f'secret:{new}"access_key_id"]': "typed-just-now", f'secret:{new}"secret_access_key"]': "typed-just-now 2"}
    assert (await sent(browser, form)).status_code == 303
    assert served.file.read_text() == FILE.replace(
        "    credentials:\n      GH: {value: hunter2-literal, hosts: [api.github.com]}\n",
        "    credentials:\n      CLOUD:\n        kind: aws\n"
        "        access_key_id: !env WEB_CREDENTIALS_CLOUD_ACCESS_KEY_ID\n"
        "        secret_access_key: !env WEB_CREDENTIALS_CLOUD_SECRET_ACCESS_KEY\n"
        "        hosts: [a.example, b.example]\n",
    )


async def test_a_repository_is_added_and_removed(served: Served) -> None:
    browser = served.browser()
    assert (await browser.get("/config/new?name=api")).headers["location"] == "/config/repos/api"
    assert (await browser.get("/config/new?name=../x")).status_code == 422
    form = await opened(browser, "/config/repos/api")
    form |= {
        'set:["repos", "api", "url"]': "https://x.example/a/api",
        'set:["repos", "api", "channels", "console"]': "yes",
        'secret:["repos", "api", "agent", "auth", "oauth_token"]': "typed-just-now",
        "do": "save",
    }
    assert (await sent(browser, form)).headers["location"] == "/config/repos/api?saved=1"
    added = (
        "  api:\n    url: https://x.example/a/api\n    channels:\n      console: {}\n"
        "    agent:\n      auth:\n        oauth_token: !env API_AGENT_AUTH_OAUTH_TOKEN\n"
    )
    assert served.file.read_text() == FILE + added
    form = {**await opened(browser, "/config/repos/api"), 'remove:["repos", "api"]': "yes", "do": "save"}
    assert (await sent(browser, form)).headers["location"] == "/config?saved=1"
    assert served.file.read_text() == FILE


async def test_what_somebody_wrote_into_the_file_is_text(served: Served) -> None:
    evil = '"><script>alert(1)</script>'
    served.file.write_text(
        FILE.replace('CI: "1"', f"CI: '{evil}'").replace("url: https", f"default_branch: '{evil}'\n    url: https")
    )
    browser = served.browser()
    for path in ("/config/repos/web", "/config/text"):
        page = (await browser.get(path)).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
    checked = await sent(browser, {**await opened(browser), f"set:{TIME}": "<script>alert(2)</script>", "do": "check"})
    assert "<script>alert" not in checked.text


async def test_a_form_that_is_none_of_ours_is_refused(served: Served) -> None:
    browser = served.browser()
    form = await opened(browser)
    for name in (
        'set:["limits", "nothing"]',
        "set:limits",
        "set:[]",
        'set:["limits", {}]',
        'secret:["limits", "time"]',
    ):
        answer = await sent(browser, {**form, name: "1", "do": "save"})
        assert (answer.status_code, served.file.read_text()) == (422, FILE), name


async def test_a_file_that_cannot_be_read_leads_to_its_text(served: Served) -> None:
    served.file.write_text("a: [\n")
    assert (await served.browser().get("/config")).headers["location"] == "/config/text"
    assert (await served.browser().get("/config/repos/web")).headers["location"] == "/config/text"


async def test_what_is_ticked_stays_ticked_until_it_is_saved(served: Served) -> None:
    browser = served.browser()
    ci, gh = '["repos", "web", "env", "CI"]', '["repos", "web", "credentials", "GH"]'
    form = {**await opened(browser, "/config/repos/web"), f"remove:{gh}": "yes", f"set:{ci}": "", "do": "check"}
    checked = await sent(browser, form)
    assert "Remove repos.web.credentials.GH" in checked.text
    assert (await sent(browser, {**fields(checked.text, "/config"), "do": "save"})).status_code == 303
    assert served.file.read_text() == FILE.replace('      CI: "1"\n', "").replace(
        "    credentials:\n      GH: {value: hunter2-literal, hosts: [api.github.com]}\n", "    credentials: {}\n"
    )
