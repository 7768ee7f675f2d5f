"""A repository's page, and its channels."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airut.dashboard.channels import channels_of, host_health
from airut.dashboard.images import HostImage, images_of
from airut.models.hosts.image import BuiltImage
from airut.ports.health import ChannelHealth, HealthReport, HostHealth
from airut.ports.host_directory import HostRow
from airut.ports.thread_directory import ThreadFilter, ThreadRow
from airut.temporal.schedule_view import ScheduleRow
from tests.support.dashboard import Served

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SLACK = ChannelHealth(
    repo="web", channel="slack", state="degraded", since=NOW, reason="the token <b>expired</b>", next_try=NOW
)
BOX = HostHealth(host="box", slots=4, disk_free=5 * 1024**3, disk_total=100 * 1024**3, min_free=0.1)


@pytest.fixture
def served(tmp_path: Path) -> Served:
    made = Served.at(tmp_path)
    made.now = NOW
    made.threads.rows = [
        ThreadRow(
            thread=f"web/console/{number}", repo="web", channel="console", author="ann", subject=f"Thing {number}",
            state="idle", outcome="success", cost_usd=0, pull_request="", started_at=NOW,
        )
        for number in range(60)
    ]  # fmt: skip
    return made


async def test_threads_are_searched_and_turned_over_with_their_filters(served: Served) -> None:
    browser = served.browser()
    query = "text=thing&author=ann&state=idle&since=2026-03-01&until=2026-03-02"
    page = (await browser.get(f"/repos/web?{query}")).text
    assert served.threads.asked[-1] == ThreadFilter(
        repo="web", text="thing", author="ann", state="idle",
        since=datetime(2026, 3, 1, tzinfo=UTC), until=datetime(2026, 3, 3, tzinfo=UTC),
    )  # fmt: skip
    older = page.split('rel="next"')[0].rpartition('href="')[2].split('"')[0].replace("&amp;", "&")
    assert older == f"?{query}&after=50"
    assert 'value="thing" type="search"' in page
    assert "Thing 0" in page
    last = (await browser.get(f"/repos/web{older}")).text
    assert ("Thing 50" in last, "Thing 0<" in last, 'rel="next"' in last) == (True, False, False)


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("/repos/none", 404, "There is no repository none"),
        ("/repos/web?since=never", 422, "A day is written"),
        ("/repos/web?after=x", 422, "invalid literal"),
    ],
)
async def test_what_cannot_be_shown_is_said(served: Served, path: str, code: int, words: str) -> None:
    answer = await served.browser().get(path)
    assert (answer.status_code, words in answer.text) == (code, True)


async def test_the_configuration_is_shown_while_temporal_is_away(served: Served) -> None:
    served.goes_away("nothing answers")
    page = await served.browser().get("/repos/web")
    assert page.status_code == 200
    assert "https://git.example.org/acme/web.git" in page.text
    assert "Temporal does not answer." in page.text
    assert "sk-ant" not in page.text


def test_a_channel_is_known_by_what_a_running_intake_tells(served: Served) -> None:
    assert served.config is not None
    repo = served.config.repos["web"]
    slack = repo.model_copy(update={"channels": repo.channels.model_copy(update={"slack": object()})})
    report = HealthReport(process="intake", at=NOW, channels=(SLACK,))
    assert channels_of("web", repo, [report], NOW) == ()
    assert channels_of("web", slack, [report], NOW) == (SLACK,)
    (unknown,) = channels_of("web", slack, [report], NOW + timedelta(minutes=1))
    assert (unknown.state, unknown.reason) == ("unknown", "no intake tells of it; is one running?")
    assert [each.state for each in channels_of("docs", slack, [report], NOW)] == ["unknown"]


async def test_the_image_of_each_host_is_shown(served: Served) -> None:
    base = "debian:12@sha256:" + "b" * 64
    image = BuiltImage(
        repo="web", tag="localhost/airut/web:0123", made_at=NOW - timedelta(hours=3), stands_on=(base,), open=True
    )
    for name, told, at in (
        ("box", (image,), NOW),
        ("new", (), NOW),
        ("deaf", None, NOW),
        ("gone", (image,), NOW - timedelta(minutes=5)),
    ):
        host = BOX.model_copy(update={"host": name, "images": told})
        served.health.put(HealthReport(process=f"host-{name}", at=at, host=host))
    assert images_of("web", served.health.reports(), NOW) == (
        HostImage(host="box", image=image), HostImage(host="new", image=None),
    )  # fmt: skip
    page = (await served.browser().get("/repos/web?fragment=images")).text
    for words in (base, image.tag, "2026-03-02 09:00 UTC", "build=open", "none yet; it is built before"):
        assert words in page
    docs = (await served.browser().get("/repos/docs")).text
    assert (image.tag in docs, "build=open" in docs) == (False, False)


async def test_without_a_host_no_image_is_known(served: Served) -> None:
    assert "No host tells of its images" in (await served.browser().get("/repos/web")).text


async def test_hosts_with_their_disks_and_threads(served: Served) -> None:
    served.hosts.rows = (
        HostRow(host="box", drained=True, polled_s=3.0, pinned=7, running=2),
        HostRow(host="gone", drained=False, polled_s=None, pinned=1, running=0),
    )
    served.health.put(HealthReport(process="host-box", at=NOW, host=BOX))
    assert host_health("box", served.health.reports(), NOW) == BOX
    assert host_health("gone", served.health.reports(), NOW) is None
    page = (await served.browser().get("/hosts")).text
    for words in ("drained", "away", "2 running of at most 4 at once", "5.0 GiB free of 100.0 GiB", "full: no new tasks",
                  "airut drain box --undo", "it has told nothing lately", "is its worker running?"):  # fmt: skip
        assert words in page
    assert "Thing 0" in (await served.browser().get("/hosts/box")).text
    assert served.threads.asked[-1] == ThreadFilter(host="box")
    assert "2 running, 7 pinned" in (await served.browser().get("/")).text


async def test_schedules_and_a_pause_are_shown(served: Served) -> None:
    assert served.config is not None
    web = served.config.repos["web"].model_copy(update={"paused": True})
    served.config = served.config.model_copy(update={"repos": {**served.config.repos, "web": web}})
    row = ScheduleRow(schedule="web/nightly", when="0 3 * * *", zone="Europe/Berlin", on_server=True)
    last = {"next": (NOW,), "last_at": NOW, "last_outcome": "success", "missed": 2}
    served.schedules = (
        row.model_copy(update=last),
        row.model_copy(update={"schedule": "web/weekly", "on_server": False}),
        row.model_copy(update={"schedule": "docs/other"}),
    )
    page = (await served.browser().get("/repos/web")).text
    for words in ("web/nightly", "0 3 * * *", "Europe/Berlin", "2 missed", "success", "web/weekly",
                  "no control worker has taken it over", "it takes messages, and begins nothing"):  # fmt: skip
        assert words in page
    assert "docs/other" not in page
    assert "begins nothing" not in (await served.browser().get("/repos/docs")).text
