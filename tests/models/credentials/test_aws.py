"""AWS credentials: what a sandbox gets of them."""

from airut.models.credentials.aws import AwsCredential, AwsNames, aws_for_sandbox
from airut.models.credentials.secret import Secret

KEY = bytes(range(32))
KEY_ID, SECRET, TOKEN = (
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "IQoJb3JpZ2luX2VjEOv//////////w==" * 4,
)


def made(**given: object) -> AwsCredential:
    values: dict[str, object] = {
        "kind": "aws", "access_key_id": Secret(KEY_ID), "secret_access_key": Secret(SECRET), "hosts": ("s3.example.com",)
    }  # fmt: skip
    return AwsCredential(**(values | given))


def test_the_sandbox_gets_look_alikes_under_the_names_that_sdks_read() -> None:
    credential = made(session_token=Secret(TOKEN))
    environment = aws_for_sandbox("AWS", credential, key=KEY, thread="t", repo="r").environment()
    assert (
        tuple(environment)
        == credential.variables()
        == ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    )
    for surrogate, real in zip(environment.values(), (KEY_ID, SECRET, TOKEN), strict=True):
        assert len(surrogate) == len(real)
        assert surrogate != real
    assert environment["AWS_ACCESS_KEY_ID"].startswith("AKIA")
    assert aws_for_sandbox("AWS", credential, key=KEY, thread="t", repo="r").environment() == environment
    assert aws_for_sandbox("AWS", credential, key=KEY, thread="u", repo="r").environment() != environment


def test_without_a_token_and_under_other_names() -> None:
    credential = made(names=AwsNames(access_key_id="S3_ID", secret_access_key="S3_SECRET"))
    assert tuple(aws_for_sandbox("S3", credential, key=KEY, thread="t", repo="r").environment()) == (
        "S3_ID",
        "S3_SECRET",
    )
    assert SECRET not in repr(credential)
