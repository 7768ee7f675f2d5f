"""What went wrong with a call: in Slack's own word, never in its client's, whose text shows the request."""

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError

from airut.errors import DeliveryDeferred, DeliveryRefused


class SlackLimited(SlackClientError):
    """A call that was not made: Slack would not take it for `after` seconds."""

    def __init__(self, method: str, after: float) -> None:
        super().__init__(f"{method}: not for {after:.0f} s")
        self.after = after


AWAY = (SlackClientError, ClientError, OSError, TimeoutError)
"""Everything that a call may raise. `TimeoutError` is what a call without an answer ends with."""


def code(error: Exception) -> str:
    """Slack's error code (`channel_not_found`), or the HTTP status, or the kind of the failure."""
    if isinstance(error, SlackApiError):
        data = error.response.data  # of whatever type the body was
        return (
            str(data["error"]) if isinstance(data, dict) and "error" in data else f"HTTP {error.response.status_code}"
        )
    return "ratelimited" if isinstance(error, SlackLimited) else type(error).__name__


REFUSED = frozenset(
    {
        "channel_not_found",
        "is_archived",
        "not_in_channel",
        "restricted_action",
        "thread_not_found",
        "cannot_reply_to_message",
    }
)
"""The thread cannot be answered any more."""
UNREADABLE = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long"})
"""Our blocks are at fault; plain text may pass."""
OPERATORS = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "missing_scope",
        "no_permission",
    }
)
"""Somebody has to mend the app; it may take a while."""
OPERATORS_RETRY = 300.0
"""Seconds."""


def delivery_error(error: Exception) -> DeliveryDeferred | DeliveryRefused:
    """As the port has it: worth a retry, or never to be accepted."""
    what = code(error)
    if what in REFUSED or what in UNREADABLE:
        return DeliveryRefused(f"Slack refused the answer: {what}")
    if what in OPERATORS:
        return DeliveryDeferred(
            f"Slack refused the answer: {what}; look at the app's settings and tokens", OPERATORS_RETRY
        )
    return DeliveryDeferred(f"Slack did not take the answer: {what}", retry_after(error))


def retry_after(error: Exception) -> float | None:
    """Seconds that a limit lasts; None where there is none."""
    if isinstance(error, SlackLimited):
        return error.after
    if not isinstance(error, SlackApiError):
        return None
    headers = {name.lower(): value for name, value in error.response.headers.items()}
    value = headers.get("retry-after")
    return float(value) if value and str(value).isdecimal() else None
