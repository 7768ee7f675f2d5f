"""Tokens that somebody else gives out for a while, for a key that stays here."""

from typing import Protocol

from airut.models.credentials.github_app import GithubApp, InstallationToken


class AppTokens(Protocol):
    def token(self, app: GithubApp, *, patient: bool = False) -> InstallationToken | None:
        """The token of now; None while there is none to be had, which the log says when it begins.

        Takes no time as long as the token is good for more than five minutes. After that it is exchanged for the next
        one, by one caller for all who ask; if that fails, the old one is used to its end, and the exchange is tried
        again at later calls, at longer and longer intervals. With `patient`, some seconds are spent on trying at once,
        and on waiting for who tries already. To be called in a thread.
        """
        ...
