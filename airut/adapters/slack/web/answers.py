"""What Slack answered, as a plain mapping: its client's type allows for bodies that the Web API never sends."""

from typing import Any

from slack_sdk.web.async_slack_response import AsyncSlackResponse


def told(response: AsyncSlackResponse) -> dict[str, Any]:
    """The JSON object of a call that succeeded."""
    assert isinstance(response.data, dict)
    return response.data
