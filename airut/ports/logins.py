"""What the dashboard asks when somebody shows a link, a token or a cookie."""

from typing import Protocol

from airut.models.login import Login


class Logins(Protocol):
    """Nothing of what is shown is kept, only digests of it."""

    def begin(self, shown: str) -> str | None:
        """The value of a new session's cookie, for a one-time link's or an API token's value; a link is used up by it.
        None: neither, or its time is over."""
        ...

    def of_session(self, cookie: str) -> Login | None:
        """Whose session it is; None where it has ended, or what it began with was revoked."""
        ...

    def of_token(self, token: str) -> Login | None:
        """Whose API token it is."""
        ...

    def end(self, cookie: str) -> None:
        """End a session; one that is unknown is none."""
        ...
