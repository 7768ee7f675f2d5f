import base64

import pytest

from airut.adapters.oauth2.xoauth2 import first_response, refusal


def test_first_response() -> None:
    # The example of Google's and Microsoft's documentation.
    assert first_response("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg") == (
        b"dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="
    )


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("challenge", "words"),
    [
        ("", ""),
        (coded('{"status":"401","schemes":"bearer mac"}'), "status 401, schemes bearer mac"),
        (
            coded('{"status":"400","error_description":"AADSTS50126:\\r\\nwrong"}'),
            "status 400, error_description AADSTS50126: wrong",
        ),
        (coded('{"other": 1}'), '{"other": 1}'),
        (coded("no\x00 JSON"), "no JSON"),
        ("not base64!", "not base64!"),
        (coded("x" * 1000), "x" * 300),
        (base64.b64encode(b"\xff\xfe").decode(), "��"),
    ],
)
def test_refusal(challenge: str, words: str) -> None:
    assert refusal(challenge) == words
