"""Assistant threads and views. Methods of the Web API."""

from tests.support.slack.call import Call, SlackError
from tests.support.slack.workspace import Json


def of_assistant(call: Call) -> Json:
    if call["channel_id"] not in call.workspace.channels:
        raise SlackError("channel_not_found")
    call.workspace.statuses.append(dict(call.arguments))
    return {}


def view(call: Call) -> Json:
    call.workspace.views.append(dict(call.arguments))
    return {"view": {"id": call.workspace.id("V"), **call["view"]}}
