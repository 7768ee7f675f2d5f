"""Assistant threads. Methods of the Web API."""

from tests.support.slack.call import Call, SlackError
from tests.support.slack.workspace import Json


def of_assistant(call: Call) -> Json:
    if call["channel_id"] not in call.workspace.channels:
        raise SlackError("channel_not_found")
    call.workspace.statuses.append(dict(call.arguments))
    return {}
