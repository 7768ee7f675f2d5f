"""`blobs` of `airut.yaml`."""

import pytest
from pydantic import ValidationError

from airut.config.blob_settings import BlobSettings


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kind": "s3"}, "kind: s3 needs bucket"),
        ({"kind": "s3", "bucket": "airut", "path": "/blobs"}, "path is for kind: local"),
        ({"bucket": "airut"}, "bucket and endpoint are for kind: s3"),
        ({"endpoint": "https://s3.example.org"}, "bucket and endpoint are for kind: s3"),
        ({"kind": "s3", "bucket": "Not_One"}, "String should match pattern"),
        ({"kind": "s3", "bucket": "airut", "endpoint": "s3.example.org"}, "is not the address of a store"),
        (
            {"kind": "s3", "bucket": "airut", "endpoint": "https://s3.example.org/airut"},
            "is not the address of a store",
        ),
        ({"kind": "s3", "bucket": "airut", "endpoint": "https://me:pw@s3.example.org"}, "AWS_ACCESS_KEY_ID"),
        ({"kind": "s3", "bucket": "airut", "endpoint": "http://s3.example.org"}, "in the clear; write https://"),
        ({"kind": "ftp"}, "Input should be 'local' or 's3'"),
    ],
)
def test_what_cannot_be(given: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError) as raised:
        BlobSettings.model_validate(given)
    assert words in str(raised.value)


def test_what_machines_have_in_common() -> None:
    def shared(**given: str) -> str | None:
        found = BlobSettings.model_validate(given).shared
        return None if found is None else str(found)

    assert shared() is None
    assert shared(path="/shared/blobs") == "/shared/blobs"
    assert shared(kind="s3", bucket="airut") == "s3:/airut"
    assert shared(kind="s3", bucket="airut", endpoint="http://127.0.0.1:9000/") == "s3:http://127.0.0.1:9000/airut"
