"""Links, tokens and sessions."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from airut.adapters.logins_sqlite import LINK_LIFE, SqliteLogins, TokenEntry
from airut.models.login import SESSION_LIFE, Login, Role

ANN = Login(actor="link:ann", role=Role.OPERATOR)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def logins(tmp_path: Path, clock: Clock) -> SqliteLogins:
    return SqliteLogins(tmp_path / "dashboard" / "logins.db", clock)


def test_a_link_logs_in_once(logins: SqliteLogins) -> None:
    link = logins.new_link("link:ann", Role.OPERATOR)
    cookie = logins.begin(link)
    assert cookie is not None
    assert logins.begin(link) is None
    assert logins.of_session(cookie) == ANN
    assert logins.of_session(link) is None
    logins.end(cookie)
    logins.end(cookie)
    assert logins.of_session(cookie) is None


def test_links_and_sessions_end_by_themselves(logins: SqliteLogins, clock: Clock) -> None:
    late = logins.new_link("link:ann", Role.OPERATOR)
    clock.now += LINK_LIFE - 1
    cookie = logins.begin(logins.new_link("link:ann", Role.OPERATOR))
    clock.now += 2
    assert logins.begin(late) is None
    assert cookie is not None
    clock.now += SESSION_LIFE - 3
    assert logins.of_session(cookie) == ANN
    clock.now += 2
    assert logins.of_session(cookie) is None


def test_a_revoked_token_takes_its_sessions_with_it(logins: SqliteLogins, clock: Clock) -> None:
    token = logins.new_token("ci", Role.VIEWER)
    assert token is not None
    assert logins.new_token("ci", Role.ADMIN) is None
    made = datetime.fromtimestamp(clock.now, UTC)
    assert logins.tokens() == [TokenEntry(name="ci", role=Role.VIEWER, created=made)]
    cookie, other = logins.begin(token), logins.begin(logins.new_link("link:ann", Role.OPERATOR))
    assert cookie is not None
    assert other is not None
    reader = Login(actor="token:ci", role=Role.VIEWER)
    assert (logins.of_token(token), logins.of_session(cookie)) == (reader, reader)
    assert logins.revoke("ci")
    assert not logins.revoke("ci")
    assert (logins.of_token(token), logins.of_session(cookie), logins.begin(token)) == (None, None, None)
    assert logins.of_session(other) == ANN
    assert logins.log_out_everybody() == 1
    assert logins.of_session(other) is None


def test_no_value_can_be_read_from_the_file(tmp_path: Path, logins: SqliteLogins) -> None:
    file = tmp_path / "dashboard" / "logins.db"
    token, link = logins.new_token("ci", Role.VIEWER), logins.new_link("link:ann", Role.ADMIN)
    cookie = logins.begin(link)
    assert token is not None
    assert cookie is not None
    content = file.read_bytes()
    assert not [value for value in (token, link, cookie) if value.encode() in content]
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_each_role_may_what_those_before_it_may() -> None:
    assert [[role.covers(needed) for needed in Role] for role in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
