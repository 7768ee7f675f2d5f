import pytest

from airut.adapters.smtp.responses import Verdict, judge, shown


@pytest.mark.parametrize(
    ("code", "text", "verdict"),
    [
        (421, "4.3.2 shutting down", Verdict.LATER),
        (450, "4.2.0 greylisted", Verdict.LATER),
        (452, "4.3.1 message size exceeds free space", Verdict.LATER),
        (535, "5.7.8 authentication failed", Verdict.LATER),
        (530, "5.7.0 authentication required", Verdict.LATER),
        (-1, "garbage", Verdict.LATER),
        (354, "go on", Verdict.LATER),
        (552, "5.3.4 message too big", Verdict.TOO_LARGE),
        (523, "5.2.3 message length exceeds administrative limit", Verdict.TOO_LARGE),
        (554, "5.3.4 Message size exceeds fixed limit", Verdict.TOO_LARGE),
        (550, "message too large", Verdict.TOO_LARGE),
        (554, "5.7.1 spam", Verdict.NEVER),
        (550, "5.1.1 no such user", Verdict.NEVER),
        (554, "attachment type .exe not allowed", Verdict.NEVER),
    ],
)
def test_judge(code: int, text: str, verdict: Verdict) -> None:
    assert judge(code, text) is verdict


def test_shown_is_one_short_line() -> None:
    assert shown(550, "no\r\nsuch\x00  user\x1b[0m") == "550 no such user [0m"
    assert len(shown(550, "x" * 5000)) == 304
