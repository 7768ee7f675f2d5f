"""Whether a Slack app is as its manifest has it: both tokens are taken, and the bot's has its scopes."""

from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.manifest import SCOPES
from airut.adapters.slack.web.failures import AWAY, named
from airut.errors import DeliveryDeferred


async def missing_scopes(web: AsyncWebClient) -> tuple[str, ...]:
    """Those of the manifest that the bot's token lacks. Slack tells with each answer what a token may do.

    Raises:
        DeliveryDeferred: the token is not taken, or Slack cannot be reached; says what to do.
    """
    try:
        answer = await web.auth_test()
    except AWAY as error:
        raise DeliveryDeferred(named("auth.test", error)) from None
    headers = {name.lower(): value for name, value in answer.headers.items()}
    granted = {scope.strip() for scope in str(headers.get("x-oauth-scopes", "")).split(",")}
    return tuple(sorted(set(SCOPES) - granted))
