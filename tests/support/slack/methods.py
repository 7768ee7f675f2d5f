"""The Web API's methods, with the arguments that each documents (https://docs.slack.dev/reference/methods)."""

from tests.support.slack import conversations, messages, people, surfaces, uploads, views
from tests.support.slack.call import Method

BOT_TOKEN = "xoxb-1-emulated-bot-token"
APP_TOKEN = "xapp-1-emulated-app-token"

_SAID = ("text", "blocks", "attachments")
_MORE = ("thread_ts", "metadata", "unfurl_links", "unfurl_media", "mrkdwn", "reply_broadcast", "parse", "link_names")
_PAGED = ("cursor", "limit")
_JSON = ("blocks", "metadata", "attachments")

METHODS: dict[str, Method] = {
    "auth.test": Method(people.auth_test, (), ("team_id",)),
    "apps.connections.open": Method(lambda call: {"url": f"{call.base.replace('http', 'ws')}/link"}, app=True),
    "chat.postMessage": Method(messages.post_message, ("channel",), _MORE, _SAID, "special", json_arguments=_JSON),
    "chat.update": Method(
        messages.update, ("channel", "ts"), ("metadata", "parse", "link_names"), _SAID, json_arguments=_JSON
    ),
    "chat.postEphemeral": Method(
        messages.post_ephemeral,
        ("channel", "user"),
        ("thread_ts", "parse", "link_names"),
        _SAID,
        "4",
        json_arguments=_JSON,
    ),
    "conversations.history": Method(
        conversations.history, ("channel",), (*_PAGED, "oldest", "latest", "inclusive", "include_all_metadata")
    ),
    "conversations.replies": Method(
        conversations.replies, ("channel", "ts"), (*_PAGED, "oldest", "latest", "inclusive", "include_all_metadata")
    ),
    "conversations.info": Method(lambda call: {"channel": call.channel(joined=False).body()}, ("channel",)),
    "conversations.list": Method(
        conversations.conversations, (), (*_PAGED, "types", "exclude_archived", "team_id"), tier="2"
    ),
    "users.conversations": Method(conversations.joined, (), (*_PAGED, "types", "exclude_archived", "team_id", "user")),
    "conversations.open": Method(conversations.open_direct, ("users",), ("return_im", "prevent_creation")),
    "users.info": Method(people.user, ("user",), ("include_locale",), tier="4"),
    "usergroups.list": Method(
        people.groups, (), ("include_users", "include_disabled", "include_count", "team_id"), tier="2"
    ),
    "usergroups.users.list": Method(people.group_members, ("usergroup",), ("include_disabled", "team_id")),
    "reactions.add": Method(messages.react, ("channel", "name", "timestamp")),
    "reactions.remove": Method(messages.unreact, ("channel", "name", "timestamp")),
    "assistant.threads.setStatus": Method(
        surfaces.of_assistant,
        ("channel_id", "thread_ts"),
        ("status", "loading_messages"),
        json_arguments=("loading_messages",),
    ),
    "assistant.threads.setTitle": Method(surfaces.of_assistant, ("channel_id", "thread_ts", "title")),
    "assistant.threads.setSuggestedPrompts": Method(
        surfaces.of_assistant, ("channel_id", "thread_ts", "prompts"), ("title",), json_arguments=("prompts",)
    ),
    "files.getUploadURLExternal": Method(
        uploads.upload_url, ("filename", "length"), ("alt_txt", "snippet_type"), tier="4"
    ),
    "files.completeUploadExternal": Method(
        uploads.complete_upload,
        ("files",),
        ("channel_id", "thread_ts", "initial_comment", "blocks", "channels"),
        tier="4",
        json_arguments=("files", "blocks"),
    ),
    "files.info": Method(uploads.file, ("file",), (*_PAGED, "count", "page"), tier="4"),
    "views.open": Method(
        views.open_view, ("view", "trigger_id"), ("interactivity_pointer",), tier="4", json_arguments=("view",)
    ),
    "views.push": Method(
        views.push_view, ("view", "trigger_id"), ("interactivity_pointer",), tier="4", json_arguments=("view",)
    ),
    "views.update": Method(
        views.update_view, ("view",), ("hash",), ("view_id", "external_id"), tier="4", json_arguments=("view",)
    ),
}


def token_of(method: Method) -> str:
    """The token that a method takes."""
    return APP_TOKEN if method.app else BOT_TOKEN
