"""Every page in both themes and on a phone: accessible as far as a program can tell, and nothing sticks out."""

from datetime import UTC, datetime

import pytest

from airut.dashboard.registry import PAGES
from airut.models.hosts.image import BuiltImage
from airut.ports.health import HealthReport, HostHealth
from tests.dashboard.browser.work import Work, a_days_work
from tests.dashboard.test_routes import PARAMETERS, path_of
from tests.support.browser import Browser
from tests.support.installation import Installation
from tests.support.mirrors import as_fetched
from workers.wiring import health_board

QUERIES = {"/config/new": "?name=docs"}
"""What a page cannot do without."""
POLICY = """
presets: [npm, github]
url_prefixes:
  - host: jobs.example.com
    path: /v1/a-path-that-is-longer-than-a-phone-is-wide/*
    query: {state: [open, closed]}
    ports: [8443]
    comment: the job queue
"""


BASE = "registry.example.com/a-team-with-a-long-name/python-with-all-tools:3.13@sha256:" + "b" * 64


def a_host() -> HealthReport:
    """With an image that was built without the fence."""
    now = datetime.now(UTC)
    image = BuiltImage(
        repo="web", tag="localhost/airut/web:0123456789abcdef", made_at=now, stands_on=(BASE,), open=True
    )
    box = HostHealth(host="box", slots=2, disk_free=1, disk_total=2, min_free=0.1, images=(image,))
    return HealthReport(process="host-box", at=now, host=box)


def paths(thread: str) -> list[str]:
    """Of all pages for people, also of the next one that somebody adds."""
    pages = [page for page in PAGES if page.method == "GET" and not page.bare]
    found = [path_of(page).replace(PARAMETERS["{id:path}"], thread) for page in pages]
    return [path + QUERIES.get(path, "") for path in found]


@pytest.mark.timeout(900)  # seconds; a page takes two, and there are twenty
async def test_pages(browser: Browser, installation: Installation) -> None:
    work = await Work.begun(installation, "Look at every page")
    a_days_work(work)
    refused = {"host": "registry.npmjs.org", "path": "/left-pad", "decision": "blocked", "reason": "host_not_allowed"}
    work.asks_the_network(refused)
    as_fetched(installation.config.state, {".airut/network-allowlist.yaml": POLICY})
    health_board(installation.config).put(a_host())
    faults = []
    for path in paths(work.thread):
        name = path.replace(work.thread, "thread").partition("?")[0].strip("/").replace("/", "-") or "first"
        browser.look()
        browser.open(path)
        faults += [f"{path}: {fault}" for fault in browser.violations()]
        browser.shot(f"page-{name}")
        browser.look(dark=True)
        faults += [f"{path} dark: {fault}" for fault in browser.faint()]
        browser.shot(f"page-{name}-dark")
        browser.look(width=320, height=640)
        browser.shot(f"page-{name}-phone")
        faults += [f"{path} at 320 px: sticks out: {element}" for element in browser.too_wide()]
        faults += [f"{path}: the console says: {words}" for words in browser.complaints()]
    installation.host.gate.set()
    assert faults == []
