"""network.md §7: what a model's service would fetch by itself."""

import json
from typing import Any

import pytest

from proxy import model_api
from proxy.block import Reason, Refused
from proxy.bodies import parsed, serialised
from proxy.normalise import read_target
from proxy.reach import Reach
from tests.proxy.rulesets import of_policy

POLICY = """
domains: [docs.python.org, pypi.org]
url_prefixes:
  - {host: img.example.com, path: "/public/*", methods: [GET]}
  - {host: mcp.example.com, path: /mcp, methods: [POST]}
"""
REACH = Reach(of_policy(POLICY).entries)
NOTHING = Reach(of_policy("").entries)
OPEN = ["docs.python.org", "pypi.org"]
SEARCH = {"type": "web_search_20250305", "name": "web_search"}
FETCH = {"type": "web_fetch_20250910", "name": "web_fetch", "max_uses": 5}
EDIT = {
    "name": "Edit",
    "description": "edits",
    "input_schema": {"type": "object", "properties": {"url": {"type": "url"}}},
}


def held(document: Any, reach: Reach = REACH) -> tuple[Any, tuple[str, ...]]:
    result = model_api.hold(document, reach)
    return result.document, result.changes


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/v1/messages", True),
        (b"/v1/messag%65s", True),
        (b"/v1/messages?beta=true", True),
        (b"/v1/messages/", True),
        (b"/v1/messages/batches", True),
        (b"/v1/messages/count_tokens", True),
        (b"//v1//messages", True),
        (b"/v1/messages;x=1", True),
        (b"/v1%2Fmessages", True),
        (b"/V1/Messages", True),
        (b"/v1/messagesx", False),
        (b"/v1/models", False),
        (b"/gateway/v1/messages", True),  # a prefix of whatever kind
        (b"/v1/models/v1/messages", True),
        (b"/gateway/xv1/messages", False),
    ],
)
def test_which_paths_are_meant(target: bytes, expected: bool) -> None:
    assert model_api.is_meant(read_target(target, "POST")) is expected


@pytest.mark.parametrize(
    ("tool", "kept", "change"),
    [
        (SEARCH, {**SEARCH, "allowed_domains": OPEN}, "web_search_20250305 restricted"),
        (FETCH, {**FETCH, "allowed_domains": OPEN}, "web_fetch_20250910 restricted"),
        ({**SEARCH, "allowed_domains": None}, {**SEARCH, "allowed_domains": OPEN}, "web_search_20250305 restricted"),
        ({**SEARCH, "allowed_domains": []}, {**SEARCH, "allowed_domains": OPEN}, "web_search_20250305 restricted"),
        ({**SEARCH, "blocked_domains": None}, {**SEARCH, "allowed_domains": OPEN}, "web_search_20250305 restricted"),
        (
            {**SEARCH, "allowed_domains": ["evil.test", "pypi.org"]},
            {**SEARCH, "allowed_domains": ["pypi.org"]},
            "web_search_20250305 restricted",
        ),
        ({**SEARCH, "allowed_domains": ["evil.test"]}, None, "web_search_20250305 removed"),
        ({**SEARCH, "allowed_domains": ["python.org"]}, None, "web_search_20250305 removed"),
        (
            {"type": "WEB_Search_9", "name": "s"},
            {"type": "WEB_Search_9", "name": "s", "allowed_domains": OPEN},
            "WEB_Search_9 restricted",
        ),
        (
            {"type": "code_execution_20250825", "allowed_domains": ["evil.test"]},
            None,
            "code_execution_20250825 removed",
        ),
        (
            {"type": "later_family_1", "allowed_domains": ["evil.test", "docs.python.org/3"]},
            {"type": "later_family_1", "allowed_domains": ["docs.python.org/3"]},
            "later_family_1 restricted",
        ),
    ],
)
def test_tools_that_are_cut(tool: dict[str, Any], kept: dict[str, Any] | None, change: str) -> None:
    tools = [kept] if kept is not None else []
    assert held({"tools": [EDIT, tool]}) == ({"tools": [EDIT, *tools]}, (change,))
    batch = {"requests": [{"custom_id": "a", "params": {"tools": [tool]}}]}
    assert held(batch) == ({"requests": [{"custom_id": "a", "params": {"tools": tools}}]}, (change,))


UNCHANGED: list[dict[str, Any]] = [
    {},
    {"tools": None},
    {"tools": []},
    {"tools": [EDIT]},
    {"tools": [{"type": "custom", "name": "web_search_mine", "input_schema": {"allowed_domains": ["x"]}}]},
    {"tools": [{"type": "bash_20250124", "name": "bash"}, {"type": "code_execution_20250825", "name": "code"}]},
    {"tools": [{**SEARCH, "allowed_domains": ["pypi.org", "docs.python.org/3/library"]}]},
    {"tools": [{"type": 7}, "web_search_20250305", None]},
    {"messages": [{"role": "user", "content": "fetch https://evil.test/ with web_search_20250305"}]},
    {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "t", "input": {"type": "url", "url": "https://evil.test/"}}]}]},
    {"messages": [{"role": "user", "content": [{"type": "web_search_tool_result", "content": [{"url": "https://evil.test/"}]}]}]},
    {"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "url", "url": "https://img.example.com/public/a.png"}}]}]},
    {"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "base64", "data": "aGk="}}]}]},
    {"mcp_servers": [{"type": "url", "name": "m", "url": "https://mcp.example.com/mcp"}]},
    {"tool_choice": {"type": "tool", "name": "Edit"}, "tools": [EDIT]},
    {"unknown": {"shapes": ["pass"]}},
]  # fmt: skip


@pytest.mark.parametrize("document", UNCHANGED, ids=lambda document: json.dumps(document)[:60])
def test_what_needs_no_change_is_the_very_same(document: dict[str, Any]) -> None:
    result = model_api.hold(document, REACH)
    assert result.document is document
    assert result.changes == ()


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"tools": [{**SEARCH, "blocked_domains": ["x.test"]}]}, Reason.BLOCKLIST_NOT_SUPPORTED),
        ({"tools": [{**SEARCH, "allowed_domains": OPEN, "blocked_domains": ["x.test"]}]}, Reason.BLOCKLIST_NOT_SUPPORTED),
        ({"tools": [{**SEARCH, "allowed_domains": ["*.python.org"]}]}, Reason.BAD_TOOL_DOMAIN),
        ({"tools": [{**SEARCH, "allowed_domains": ["pypi.org", 7]}]}, Reason.BAD_TOOL_DOMAIN),
        ({"tools": [{**SEARCH, "allowed_domains": "pypi.org"}]}, Reason.BAD_TOOL_DOMAIN),
        ({"tools": [{**SEARCH, "allowed_domains": {"pypi.org": 1}}]}, Reason.BAD_TOOL_DOMAIN),
        (
            {"tools": [{**SEARCH, "allowed_domains": ["evil.test"]}], "tool_choice": {"type": "tool", "name": "web_search"}},
            Reason.SERVER_TOOL_NOT_ALLOWED,
        ),
        ({"mcp_servers": [{"type": "url", "url": "https://evil.test/mcp"}]}, Reason.REMOTE_URL_NOT_ALLOWED),
        ({"mcp_servers": [{"url": "https://docs.python.org:8443/"}]}, Reason.REMOTE_URL_NOT_ALLOWED),
        ({"mcp_servers": [{"url": ["https://mcp.example.com/mcp"]}]}, Reason.REMOTE_URL_NOT_ALLOWED),
        ({"mcp_servers": [{"url": "https://img.example.com/public/"}]}, Reason.REMOTE_URL_NOT_ALLOWED),
        (
            {"messages": [{"content": [{"type": "image", "source": {"type": "url", "url": "https://evil.test/?secret"}}]}]},
            Reason.REMOTE_URL_NOT_ALLOWED,
        ),
        (
            {"messages": [{"content": [{"type": "document", "source": {"type": "URL", "url": "https://mcp.example.com/mcp"}}]}]},
            Reason.REMOTE_URL_NOT_ALLOWED,
        ),
        ({"messages": [{"content": [{"content": [{"source": {"type": "url"}}]}]}]}, Reason.REMOTE_URL_NOT_ALLOWED),
        ({"requests": [{"params": {"mcp_servers": [{"url": "https://evil.test/"}]}}]}, Reason.REMOTE_URL_NOT_ALLOWED),
    ],
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict) else str(value),
)  # fmt: skip
def test_what_is_refused(document: dict[str, Any], reason: Reason) -> None:
    with pytest.raises(Refused) as refused:
        model_api.hold(document, REACH)
    assert refused.value.reason is reason


def test_without_an_open_host_no_tool_is_left_without_limits() -> None:
    assert held({"tools": [SEARCH, FETCH, EDIT]}, NOTHING) == (
        {"tools": [EDIT]},
        ("web_search_20250305 removed", "web_fetch_20250910 removed"),
    )


def test_a_changed_body_keeps_every_other_character() -> None:
    text = '{"system":"é\\ud800","tools":[{"type":"web_search_1","name":"s"}],"n":1.5}'.encode()
    document, _ = held(parsed(text), NOTHING)
    assert serialised(document) == '{"system":"é\\ud800","tools":[],"n":1.5}'.encode()
