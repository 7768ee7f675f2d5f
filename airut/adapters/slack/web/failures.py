"""What went wrong with a call: in Slack's own word, never in its client's, whose text shows the request."""

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError

from airut.errors import DeliveryDeferred, DeliveryRefused


class SlackLimited(SlackClientError):
    """A call that was not made: Slack would not take it for `after` seconds."""

    def __init__(self, method: str, after: float) -> None:
        super().__init__(f"{method}: not for {after:.0f} s")
        self.after = after


class SlackTokenUnreadable(SlackClientError):
    """A call that was not made, since its token's source gives none: names field and source."""


AWAY = (SlackClientError, ClientError, OSError, TimeoutError)
"""Everything that a call may raise. `TimeoutError` is what a call without an answer ends with."""


def code(error: Exception) -> str:
    """Slack's error code (`channel_not_found`), or the HTTP status, or the kind of the failure."""
    if isinstance(error, SlackApiError):
        data = error.response.data  # of whatever type the body was
        return (
            str(data["error"]) if isinstance(data, dict) and "error" in data else f"HTTP {error.response.status_code}"
        )
    if isinstance(error, SlackTokenUnreadable):
        return str(error)
    return "ratelimited" if isinstance(error, SlackLimited) else type(error).__name__


def named(method: str, error: Exception) -> str:
    """For people: what was asked, what Slack said, and what to do about it."""
    what = code(error)
    remedy = OPERATORS.get(what)
    return f"{method}: {what}" + (f" ({remedy})" if remedy else "")


PLACE_GONE = {
    "channel_not_found": "I cannot see it any more",
    "is_archived": "it is archived",
    "not_in_channel": "I was taken out of it",
}
"""Nothing can be posted where the thread is, and why."""
PASSING = frozenset(
    {
        "accesslimited",
        "fatal_error",
        "internal_error",
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
"""Slack's own troubles, also where it answers 200. Whatever else it says will be said again."""
UNREADABLE = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long"})
"""Our blocks are at fault; plain text may pass."""
OPERATORS = {
    "invalid_auth": "the token is none of Slack's: set it anew",
    "not_authed": "the token is none of Slack's: set it anew",
    "account_inactive": "the app was taken out of the workspace, or its user was deactivated: install it again",
    "token_revoked": "the token was revoked: install the app again and set the new token",
    "token_expired": "the token has expired: switch token rotation off in the app's settings, and set a new token",
    "missing_scope": "a scope is missing: compare the app with `airut slack manifest`, and install it again",
    "no_permission": "the app may not do this: compare it with `airut slack manifest`, and install it again",
    "not_allowed_token_type": "the token is of the wrong kind: app_token is xapp-…, bot_token is xoxb-…",
    "link_disabled": "Socket Mode is off in the app's settings",
}
"""Somebody has to mend the app, and how; it may take a while."""
OPERATORS_RETRY = 300.0
"""Seconds."""


def passes(error: Exception) -> bool:
    """Whether the same call may work later: Slack was away, or had too much to do, or an operator can mend the app.
    Otherwise Slack has understood it, and does not take it."""
    if not isinstance(error, SlackApiError) or error.response.status_code != 200:
        return True
    return code(error) in PASSING or code(error) in OPERATORS


def delivery_error(error: Exception) -> DeliveryDeferred | DeliveryRefused:
    """As the port has it: worth a retry, or never to be accepted."""
    what = code(error)
    if not passes(error):
        return DeliveryRefused(f"Slack refused the answer: {what}")
    if what in OPERATORS:
        return DeliveryDeferred(f"Slack refused the answer: {what} ({OPERATORS[what]})", OPERATORS_RETRY)
    return DeliveryDeferred(f"Slack did not take the answer: {what}", retry_after(error))


def again_after(error: Exception) -> float | None:
    """Seconds until asking again helps, where that is known."""
    return OPERATORS_RETRY if code(error) in OPERATORS else retry_after(error)


def retry_after(error: Exception) -> float | None:
    """Seconds that a limit lasts; None where there is none."""
    if isinstance(error, SlackLimited):
        return error.after
    if not isinstance(error, SlackApiError):
        return None
    headers = {name.lower(): value for name, value in error.response.headers.items()}
    value = headers.get("retry-after")
    return float(value) if value and str(value).isdecimal() else None
