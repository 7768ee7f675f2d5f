"""What processes tell of themselves."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from airut.adapters.health_local import LocalHealthBoard
from airut.ports.health import SILENT, ChannelHealth, HealthReport, HostHealth

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MAIL = ChannelHealth(repo="web", channel="email", state="connected", since=NOW)
INTAKE = HealthReport(process="intake", at=NOW, channels=(MAIL,))
HOST = HealthReport(
    process="host-../odd name", at=NOW, host=HostHealth(host="box", slots=2, disk_free=9, disk_total=100, min_free=0.1)
)


def test_the_last_report_of_each_process_counts(tmp_path: Path) -> None:
    board = LocalHealthBoard(tmp_path / "health")
    assert board.reports() == ()
    board.put(INTAKE.model_copy(update={"channels": ()}))
    board.put(INTAKE)
    board.put(HOST)
    assert board.reports() == (HOST, INTAKE)
    assert sorted(path.name for path in (tmp_path / "health").iterdir()) == ["host-.._odd_name.json", "intake.json"]


def test_what_another_version_has_written_is_left_out(tmp_path: Path) -> None:
    board = LocalHealthBoard(tmp_path)
    board.put(INTAKE)
    (tmp_path / "newer.json").write_text('{"process": "newer", "unheard": 1}')
    (tmp_path / "half.json").write_text("{")
    assert board.reports() == (INTAKE,)


def test_silence_and_a_full_disk() -> None:
    assert not INTAKE.is_silent(NOW + SILENT)
    assert INTAKE.is_silent(NOW + SILENT + timedelta(seconds=1))
    assert HOST.host is not None
    assert HOST.host.is_full
    assert not HOST.host.model_copy(update={"disk_free": 10}).is_full
