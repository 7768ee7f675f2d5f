"""What is the matter with the configuration that the processes run by."""

from datetime import UTC, datetime
from pathlib import Path

from airut.config.generation import Generation
from airut.config.generation_reports import ProcessReport
from airut.dashboard.configuration import Trouble, troubles
from tests.support.dashboard import Served

AT = datetime(2026, 3, 2, tzinfo=UTC)


def report(name: str, digest: str = "aa", error: str | None = None, pending: tuple[str, ...] = ()) -> ProcessReport:
    return ProcessReport(name=name, generation=Generation(digest=digest, since=AT, error=error, pending=pending))


def test_where_all_is_well_nothing_is_said() -> None:
    assert troubles(()) == ()
    assert troubles((report("control"), report("intake"))) == ()


def test_what_several_processes_say_is_said_once() -> None:
    bad = "airut.yaml:3:1: limits.memroy: unknown key"
    assert troubles(
        (report("control", error=bad), report("host", pending=("state_dir",)), report("intake", error=bad))
    ) == (
        Trouble(
            words="airut.yaml is not taken up; what was read before stays in effect.",
            detail=bad,
            processes=("control", "intake"),
        ),
        Trouble(words="Takes effect with the next start:", detail="state_dir", processes=("host",)),
    )
    assert troubles((report("control"), report("intake", "bb"))) == (
        Trouble(words="Processes run by different configurations:", detail="aa, bb", processes=("control", "intake")),
    )


async def test_the_first_page_shows_it_and_about_lists_the_processes(tmp_path: Path) -> None:
    served = Served.at(tmp_path)
    served.generations = (report("control@box:1", error="airut.yaml:3:1: <b>oh</b>"),)
    page = (await served.browser().get("/")).text
    assert "airut.yaml:3:1: &lt;b&gt;oh&lt;/b&gt;" in page
    assert "control@box:1" in (await served.browser().get("/about")).text
