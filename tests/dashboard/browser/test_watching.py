"""Somebody watches an agent at work, and steps in."""

from selenium.webdriver.common.keys import Keys

from tests.dashboard.browser.work import EVIL, Work, a_days_work
from tests.support.browser import Browser
from tests.support.installation import Installation


async def test_a_task_is_watched_paused_and_goes_on(browser: Browser, installation: Installation) -> None:
    """With the keyboard alone, from the first page to the end of the task; nothing is reloaded in between."""
    work = await Work.begun(installation, "Mend the log-in\n\nIt fails where the **user** is empty.")
    a_days_work(work)
    browser.open("/")
    await browser.shows("Mend the log-in")
    browser.shot("overview")
    browser.tab_to("Mend the log-in", Keys.ENTER)
    await browser.until(lambda: browser.path == work.path)
    browser.shot("thread-running")
    browser.tab_to("Task 1", Keys.ENTER)
    await browser.shows("2 failed, 40 passed")
    browser.shot("task-running")

    browser.driver.execute_script("window.notReloaded = true")
    call = work.calls("Bash", command=f"echo '{EVIL}'")
    await browser.shows(f"echo '{EVIL}'")
    work.answers(call, "it was echoed")
    work.says("The tests pass now.")
    await browser.shows("it was echoed")
    await browser.shows("The tests pass now.")
    assert browser.text.count("The tests pass now.") == 1
    assert browser.driver.execute_script("return window.notReloaded")

    browser.tab_to("Pause", Keys.ENTER)
    await browser.until(lambda: browser.path.startswith(f"{work.path}?done="))
    await browser.until(lambda: browser.find("main .state.hold"))
    await browser.until(lambda: "Pause:" in browser.text)
    browser.shot("thread-paused")
    browser.tab_to("Resume", Keys.ENTER)
    await browser.until(lambda: "Resume:" in browser.text)
    installation.host.gate.set()
    await browser.until(lambda: "success" in browser.text or "no changes" in browser.text)
    browser.shot("thread-done")
    browser.open(work.task)
    await browser.shows("Retry")
    browser.shot("task-done")
    assert browser.complaints() == []


async def test_what_is_cut_is_shown_whole_on_a_click(browser: Browser, installation: Installation) -> None:
    work = await Work.begun(installation, "Count")
    work.calls("Bash", "\n".join(f"line {n}." for n in range(100)), command="seq 100")
    installation.host.gate.set()
    browser.open(work.task)
    await browser.shows("80 more lines")
    assert "line 99." not in browser.text
    await browser.presses(".more a")
    await browser.shows("line 99.")
    browser.shot("step-whole")


async def test_what_the_fence_refused_comes_with_the_rule_that_would_allow_it(
    browser: Browser, installation: Installation
) -> None:
    work = await Work.begun(installation, "Install a package")
    refused = {"host": "registry.npmjs.org", "path": "/left-pad", "decision": "blocked", "reason": "host_not_allowed"}
    work.asks_the_network(
        {"kind": "dns", "name": "registry.npmjs.org", "rcode": "NOERROR"},
        refused,
        refused,
        {"host": "api.github.com", "path": "/repos/acme/web", "decision": "allowed", "status": 200, "rule": "preset github 3",
         "credentials": ["GITHUB_TOKEN"], "bytes_in": 5120, "bytes_out": 311, "ms": 87},
        {**refused, "host": EVIL, "path": f"/{EVIL}"},
    )  # fmt: skip
    installation.host.gate.set()
    browser.open(f"{work.path}/network")
    await browser.shows("- host: registry.npmjs.org")
    assert "2 times" in browser.text
    browser.shot("network")
    assert browser.complaints() == []
