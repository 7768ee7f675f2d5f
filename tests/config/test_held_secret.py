"""How long a value counts, and what comes after."""

import pytest

from airut.config.held_secret import HeldSecret
from airut.errors import SecretError
from airut.models.credentials.redaction import Redactor


class Source:
    """Says what it is told to say, and counts how often it was asked. None: it fails."""

    def __init__(self, *said: str | None, ttl: float | None = None) -> None:
        self.said = list(said)
        self.ttl = ttl
        self.asked = 0
        self.changed = 0

    def mark(self) -> tuple[int, ...]:
        return (self.changed,)

    def read(self) -> str:
        self.asked += 1
        value = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if value is None:
            raise ValueError("command vault ended with 3")
        return value


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def held(source: Source, clock: Clock) -> HeldSecret:
    made = HeldSecret(source, Redactor(), clock, one_line=True)
    made.field, made.stale_max = "repos.web.credentials.A.value", 60.0
    return made


def test_a_file_is_read_again_when_it_changes() -> None:
    source = Source("first-value", "second-value")
    secret = held(source, Clock())
    seen = [secret(), secret()]
    source.changed = 1
    assert [*seen, secret(), secret()] == ["first-value", "first-value", "second-value", "second-value"]
    assert (source.asked, secret.due_in()) == (2, None)


def test_a_command_is_run_again_when_its_time_is_over() -> None:
    source, clock = Source("first-value", "second-value", ttl=30.0), Clock()
    secret = held(source, clock)
    assert (secret.is_new(), secret.due_in(), secret(), secret.due_in()) == (True, None, "first-value", 30.0)
    clock.now += 29.0
    before = secret()
    clock.now += 1.0
    assert (before, secret.due_in(), secret(), source.asked) == ("first-value", 0.0, "second-value", 2)


def test_the_last_good_value_counts_for_a_while_and_a_source_that_is_back_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source, clock = Source("first-value", None, ttl=30.0), Clock()
    secret = held(source, clock)
    secret()
    clock.now += 30.0
    assert secret() == "first-value"  # it fails from now on
    assert source.asked == 2
    assert (secret(), source.asked, secret.due_in()) == ("first-value", 2, 10.0)  # not asked again at once
    clock.now += 60.0
    assert secret() == "first-value"
    clock.now += 1.0
    with pytest.raises(SecretError) as raised:
        secret()
    assert str(raised.value) == (
        "repos.web.credentials.A.value: command vault ended with 3; the last good value is older than "
        "security.stale_secret_max (1 min)"
    )
    source.said = ["third-value"]
    clock.now += 10.0
    assert secret() == "third-value"
    assert [record.getMessage() for record in caplog.records] == [
        "repos.web.credentials.A.value: command vault ended with 3; the last good value is used for 1 min more"
    ]


def test_what_never_had_a_value_has_none_until_its_source_is_back() -> None:
    source, clock = Source(None, ttl=30.0), Clock()
    secret = held(source, clock)
    for _ in range(2):
        with pytest.raises(SecretError, match=r"^repos\.web\.credentials\.A\.value: command vault ended with 3$"):
            secret()
    assert source.asked == 1
    source.said = ["first-value"]
    secret.renew()
    assert secret() == "first-value"
