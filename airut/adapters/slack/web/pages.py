"""What the Web API gives page by page (https://docs.slack.dev/apis/web-api/pagination)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from airut.adapters.slack.web.answers import told

PAGE = 200
"""Objects; Slack recommends no more."""
RESTRICTED_PAGE = 15
"""Objects that an app gets at once that is distributed outside Slack's Marketplace."""

Json = dict[str, Any]
Method = Callable[..., Awaitable[AsyncSlackResponse]]


async def pages(method: Method, **arguments: object) -> AsyncIterator[Json]:
    """The pages, one call each, as far as they are asked for. Raises: what the Web API's client does."""
    cursor: str | None = None
    while True:
        page = told(await method(**arguments, cursor=cursor))
        yield page
        cursor = next_cursor(page)
        if cursor is None:
            return


def next_cursor(page: Json) -> str | None:
    """Of the page after this one; None where it is the last."""
    return (page.get("response_metadata") or {}).get("next_cursor") or None
