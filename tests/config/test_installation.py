"""What machines of one installation have in common, and what tells two installations apart."""

from pathlib import Path

from airut.config.schema import Config


def config(state: str, blobs: str | None = None) -> Config:
    return Config(config_version=1, state_dir=Path(state), blobs={"path": blobs}, repos={})


def test_machines_that_share_their_blobs_own_the_same_schedules() -> None:
    one, two = config("/state/one", "/shared/blobs"), config("/state/two", "/shared/blobs")
    assert one.shared_id == two.shared_id
    assert one.shared_id != config("/state/one", "/other/blobs").shared_id
    assert config("/state/one").shared_id != config("/state/two").shared_id
