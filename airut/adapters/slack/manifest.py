"""Our Slack app, as its manifest (https://docs.slack.dev/reference/app-manifest): the least that the code needs."""

from typing import Any

SCOPES = {
    "app_mentions:read": "hear when it is mentioned",
    "assistant:write": "show in direct messages that it prepares, their titles, and what could be asked",
    "channels:history": "read threads in public channels that it is in",
    "channels:read": "know which public channels it is in",
    "chat:write": "answer, and show how far it is",
    "files:read": "read files in messages",
    "files:write": "send files",
    "groups:history": "read threads in private channels that it is in",
    "groups:read": "know which private channels it is in",
    "im:history": "read direct messages to it",
    "im:read": "know its direct messages",
    "mpim:history": "read threads in group messages that it is in",
    "mpim:read": "know which group messages it is in",
    "reactions:write": "mark messages as accepted and done",
    "usergroups:read": "know who is in the groups that may give tasks",
    "users:read": "know who writes",
}
"""Each with what does not work without it."""
EVENTS = (
    "app_mention",
    "assistant_thread_context_changed",
    "assistant_thread_started",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
)
DESCRIPTION = "Gives tasks to coding agents in isolated sandboxes"


def manifest(name: str) -> dict[str, Any]:
    """The manifest of an app of this name."""
    return {
        "display_information": {"name": name, "description": DESCRIPTION},
        "features": {
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "assistant_view": {"assistant_description": DESCRIPTION},
            "bot_user": {"display_name": name, "always_online": True},
        },
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True},
            "org_deploy_enabled": False,
            "socket_mode_enabled": True,
            "token_rotation_enabled": False,
        },
    }
