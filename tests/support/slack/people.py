"""Who is who. Methods of the Web API."""

from tests.support.slack.call import Call, SlackError
from tests.support.slack.workspace import BOT_ID, BOT_USER, TEAM, Json


def auth_test(call: Call) -> Json:
    return {"url": "https://acme.slack.com/", "team": "Acme", "user": "airut", "team_id": TEAM, "user_id": BOT_USER,
            "bot_id": BOT_ID, "is_enterprise_install": False}  # fmt: skip


def user(call: Call) -> Json:
    user = call.workspace.users.get(call["user"])
    if user is None:
        raise SlackError("user_not_found")
    return {"user": user.body()}


def groups(call: Call) -> Json:
    shown = [{"id": id_, "handle": group["handle"], "name": group["handle"], "date_delete": 0}
             for id_, group in call.workspace.groups.items()]  # fmt: skip
    return {"usergroups": shown}


def group_members(call: Call) -> Json:
    group = call.workspace.groups.get(call["usergroup"])
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group["users"])}
