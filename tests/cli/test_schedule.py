"""Which schedule a name means."""

from datetime import UTC, datetime

import pytest
import typer

from airut.cli.schedule import one_task
from airut.models.schedules.schedule import DeliverTo, ScheduleSettings
from airut.temporal.schedules import scheduled_task

SETTINGS = ScheduleSettings(cron="@daily", prompt="x", deliver=DeliverTo(email=("ann@example.com",)))
TASKS = tuple(
    scheduled_task(repo, name, "UTC", SETTINGS, datetime(2026, 1, 1, tzinfo=UTC))
    for repo, name in (("web", "nightly"), ("web", "nightly-deps"), ("api", "weekly"))
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("web/schedule/nightly", "web/schedule/nightly"),
        ("nightly", "web/schedule/nightly"),
        ("nightly-", "web/schedule/nightly-deps"),
        ("api", "api/schedule/weekly"),
        ("wee", "api/schedule/weekly"),
    ],
)
def test_an_id_a_name_or_a_beginning(text: str, meant: str) -> None:
    assert one_task(TASKS, text).id == meant


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("night", 2, "night is ambiguous: web/schedule/nightly, web/schedule/nightly-deps"),
        ("daily", 5, "no schedule daily; `airut schedule list` shows what there is"),
    ],
)
def test_none_or_several(text: str, code: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as raised:
        one_task(TASKS, text)
    assert raised.value.exit_code == code
    assert capsys.readouterr().err.strip() == words
