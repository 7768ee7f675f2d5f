"""A connection of Socket Mode as the intake sees it: messages in, acknowledgements out."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from airut.models.base import Model


class SocketLost(Exception):
    """No connection, or none any more. `reason` is for people and holds no secret; `after`, in seconds, is set where
    Slack says when to come again."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after


class SocketRefused(SocketLost):
    """Slack does not take us until somebody has mended the app: `reason` names the remedy."""


class SlackSocket(Protocol):
    async def receive(self) -> Mapping[str, Any]:
        """The next message, whatever its type (https://docs.slack.dev/apis/events-api/using-socket-mode).

        Raises:
            SocketLost: there is none to come.
        """
        ...

    async def acknowledge(self, envelope: str, payload: Mapping[str, Any] | None) -> None:
        """Tell Slack that we have it.

        Raises:
            SocketLost: it does not hear us any more.
        """
        ...


OpenSocket = Callable[[], AbstractAsyncContextManager[SlackSocket]]
"""Connects on entering. Raises: SocketLost, SocketRefused"""


class Acknowledged(Model):
    """An envelope was dealt with; `payload` is what goes along."""

    payload: dict[str, Any] | None = None


Dispatch = Callable[[Mapping[str, Any]], Awaitable[Acknowledged | None]]
"""What an envelope goes through. None: it was not taken, and Slack is to send it again."""
