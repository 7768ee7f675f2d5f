"""What a backup holds, and what it leaves to its operator."""

from pathlib import Path
from typing import Any

from airut.config.schema import Config
from airut.operations.backup.items import elsewhere, items

SHARED = {"archive", "payloads", "blobs", "surrogate.fingerprint"}


def config(**more: Any) -> Config:
    return Config.model_validate({"config_version": 1, "state_dir": "/state", "repos": {}, **more})


def test_what_lies_in_a_bucket_is_the_operators_part() -> None:
    local, bucket = config(), config(blobs={"kind": "s3", "bucket": "airut"})
    names = [{item.name for item in items(each, Path("/airut.yaml"))} for each in (local, bucket)]
    assert names[0] - names[1] == SHARED
    assert elsewhere(bucket)[len(elsewhere(local)) :] == (
        "bucket airut: blobs, large values and archives of ended threads",
    )
