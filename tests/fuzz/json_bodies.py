"""JSON bodies that are judged: GraphQL operations and the model's messages."""

from typing import Any

from proxy import operations
from proxy.block import Reason, Refused
from proxy.bodies import Undecodable, parsed, serialised
from proxy.model_api import hold
from tests.proxy.test_model_api import REACH

OPERATIONS = (
    b'{"query": "query Q { a: viewer { login } ...F } fragment F on Query { repository { id } }"}',
    b'{"query": "mutation { addComment(input: {body: \\"x\\"}) { id } }", "operationName": null, "variables": {}}',
    b'{"query": "query A { a } query B { b }", "operationName": "B"}',
)
GRAPHQL_WORDS = (
    b"{", b"}", b"...", b"fragment F on Query ", b"@skip(if: true)", b"query ", b"__schema", b'\\"\\"\\"', b"\\u0061",
    b"#", b",", b"$x: Int = 1", b'"query":', b'"operationName": "A"', b"\xef\xbb\xbf", b"1e999", b"NaN", b"[" * 120,
)  # fmt: skip
MESSAGES = (
    b'{"model": "m", "tools": [{"type": "web_search_20250305", "name": "s", "allowed_domains": ["pypi.org"]}]}',
    b'{"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "url", "url": "https://pypi.org/x"}}]}]}',
    b'{"mcp_servers": [{"type": "url", "url": "https://mcp.example.com/mcp", "name": "m"}], "tool_choice": {"type": "auto"}}',
)
MODEL_WORDS = (
    b'"tools":', b'"type": "web_fetch_20250910"', b'"type": "WEB_SEARCH_1"', b'"blocked_domains": []', b"null", b"[]",
    b'"allowed_domains": ["*.pypi.org"]', b'"url": "https://evil.test"', b'"requests": [{"params":', b"\\ud800", b"true",
)  # fmt: skip


def graphql(data: bytes) -> None:
    """It is refused for what it is, or an operation whose fields are names in its text; `{ __typename }` has none."""
    try:
        document = parsed(data)
        found = operations.select(document).operation
    except Undecodable:
        return
    except Refused as refused:
        assert refused.reason is Reason.GRAPHQL_OPERATION_BLOCKED  # noqa: PT017 - it may also be one
        return
    assert found.kind in ("query", "mutation", "subscription")
    assert isinstance(document, dict)
    assert all(name in str(document["query"]) for name in found.fields)


def model_api(data: bytes) -> None:
    """It is refused, or cut to what stays as it is when judged once more, with no tool that may go anywhere."""
    try:
        held = hold(parsed(data), REACH)
    except (Undecodable, Refused):
        return
    again = hold(parsed(serialised(held.document)), REACH)
    assert again.document == held.document
    assert again.changes == ()
    assert all(tool.get("allowed_domains") for tool in _fetching(held.document))


def _fetching(node: object) -> list[dict[str, Any]]:
    """The service's own tools that fetch, wherever a list of tools is."""
    if isinstance(node, list):
        return [tool for item in node for tool in _fetching(item)]
    if not isinstance(node, dict):
        return []
    tools = node.get("tools")
    own = [tool for tool in tools if _fetches(tool)] if isinstance(tools, list) else []
    skipped = ("input", "input_schema")
    return own + [tool for name, item in node.items() if name not in skipped for tool in _fetching(item)]


def _fetches(tool: object) -> bool:
    kind = tool.get("type") if isinstance(tool, dict) else None
    return isinstance(kind, str) and kind.lower().startswith(("web_fetch_", "web_search_"))
