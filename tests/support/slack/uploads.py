"""Files. Methods of the Web API."""

from tests.support.slack.call import Call, SlackError
from tests.support.slack.workspace import Json


def upload_url(call: Call) -> Json:
    made = call.workspace.id("F")
    call.workspace.files[made] = {"id": made, "name": call["filename"], "size": int(call["length"]), "state": "new"}
    return {"upload_url": f"{call.base}/upload/{made}", "file_id": made}


def complete_upload(call: Call) -> Json:
    shown: list[Json] = []
    for one in call["files"]:
        file = call.workspace.files.get(one["id"])
        content = call.workspace.contents.get(one["id"])
        if file is None or content is None:
            raise SlackError("file_not_found")
        if len(content) != file["size"]:
            raise SlackError("file_update_failed")
        file |= {"state": "shared", "title": one.get("title", file["name"])}
        shown.append(file)
    if "channel_id" in call.arguments:
        channel = call.channel("channel_id")
        call.workspace.say(channel, {"text": call.get("initial_comment", ""), "files": shown}, call.get("thread_ts"))
    return {"files": shown}


def file(call: Call) -> Json:
    file = call.workspace.files.get(call["file"])
    if file is None:
        raise SlackError("file_not_found")
    return {"file": file}
