"""One-time links, API tokens and sessions of the dashboard, in a small database that every process of this user opens.

Values are random and 256 bits long, so a plain digest is enough to keep."""

import hashlib
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from airut.models.base import Model
from airut.models.login import SESSION_LIFE, Login, Role

LINK_LIFE = 600.0
"""Seconds for a person to open the link that they were just given."""

BUSY = 2.0
"""Seconds to wait for another process's write, which takes a millisecond."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS links (digest TEXT PRIMARY KEY, actor TEXT, role TEXT, expires REAL);
CREATE TABLE IF NOT EXISTS tokens (digest TEXT PRIMARY KEY, name TEXT UNIQUE, role TEXT, created REAL);
CREATE TABLE IF NOT EXISTS sessions (digest TEXT PRIMARY KEY, actor TEXT, role TEXT, expires REAL, token TEXT);
PRAGMA user_version = 1;
"""


class TokenEntry(Model):
    """An API token, as a list shows it."""

    name: str
    role: Role
    created: datetime


class SqliteLogins:
    """Implements `airut.ports.logins.Logins`; what makes and revokes is for the command line."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._clock = clock

    def new_link(self, actor: str, role: Role) -> str:
        """The secret part of a link that logs in once."""
        value = secrets.token_urlsafe(32)
        with self._open() as db:
            db.execute("DELETE FROM links WHERE expires < ?", (self._clock(),))
            db.execute(
                "INSERT INTO links VALUES (?, ?, ?, ?)", (_digest(value), actor, role, self._clock() + LINK_LIFE)
            )
        return value

    def new_token(self, name: str, role: Role) -> str | None:
        """An API token's value, which is told once; None where there is one of that name."""
        value = f"airut_{secrets.token_urlsafe(32)}"
        try:
            with self._open() as db:
                db.execute("INSERT INTO tokens VALUES (?, ?, ?, ?)", (_digest(value), name, role, self._clock()))
        except sqlite3.IntegrityError:
            return None
        return value

    def tokens(self) -> list[TokenEntry]:
        with self._open() as db:
            found = db.execute("SELECT name, role, created FROM tokens ORDER BY name").fetchall()
        return [
            TokenEntry(name=name, role=Role(role), created=datetime.fromtimestamp(created, UTC))
            for name, role, created in found
        ]

    def revoke(self, name: str) -> bool:
        """End an API token and every session that was begun with it; False where there is none of that name."""
        with self._open() as db:
            found = db.execute("DELETE FROM tokens WHERE name = ? RETURNING digest", (name,)).fetchall()
            db.execute("DELETE FROM sessions WHERE token = ?", (name,))
        return bool(found)

    def log_out_everybody(self) -> int:
        """End all sessions and links that are not used yet; how many sessions there were. Tokens stay."""
        with self._open() as db:
            db.execute("DELETE FROM links")
            return len(db.execute("DELETE FROM sessions RETURNING digest").fetchall())

    def begin(self, shown: str) -> str | None:
        now = self._clock()
        with self._open() as db:
            # One statement: of two browsers that open a link at once, one is in.
            link = db.execute(
                "DELETE FROM links WHERE digest = ? RETURNING actor, role, expires", (_digest(shown),)
            ).fetchall()
            token = db.execute("SELECT name, role FROM tokens WHERE digest = ?", (_digest(shown),)).fetchall()
            db.execute("DELETE FROM sessions WHERE expires < ?", (now,))
            if link and link[0][2] >= now:
                actor, role, name = link[0][0], link[0][1], None
            elif token:
                actor, role, name = f"token:{token[0][0]}", token[0][1], token[0][0]
            else:
                return None
            cookie = secrets.token_urlsafe(32)
            row = (_digest(cookie), actor, role, now + SESSION_LIFE, name)
            db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", row)
        return cookie

    def of_session(self, cookie: str) -> Login | None:
        return self._login(
            "SELECT actor, role FROM sessions WHERE digest = ? AND expires >= ?", (_digest(cookie), self._clock())
        )

    def of_token(self, token: str) -> Login | None:
        return self._login("SELECT 'token:' || name, role FROM tokens WHERE digest = ?", (_digest(token),))

    def end(self, cookie: str) -> None:
        with self._open() as db:
            db.execute("DELETE FROM sessions WHERE digest = ?", (_digest(cookie),))

    def _login(self, query: str, values: tuple[object, ...]) -> Login | None:
        with self._open() as db:
            found = db.execute(query, values).fetchone()
        return Login(actor=found[0], role=Role(found[1])) if found else None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Opened for each use: the command line, the dashboard and a restore change the same file."""
        new = not self._file.exists()
        if new:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file.touch(mode=0o600)
        with closing(sqlite3.connect(self._file, timeout=BUSY)) as db, db:
            if new or not db.execute("PRAGMA user_version").fetchone()[0]:
                db.executescript(SCHEMA)
            yield db


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
