"""What names a repository at GitHub: node ids, and GraphQL documents that are held to a token's repositories."""

import json

from proxy.block import Reason, Refused
from proxy.bodies import Undecodable, parsed
from proxy.github import node_ids, scope
from proxy.rules import RepositoryScope
from tests.proxy.github.ids import new, old

WEB, OTHER = 7, 8
SCOPE = RepositoryScope("GH_APP", ("api.github.com",), frozenset([WEB]), frozenset(["acme/web"]))
OURS, THEIRS = new("I", 0, WEB, 1), new("I", 0, OTHER, 1)
IDS = tuple(
    text.encode()
    for text in (
        OURS,
        new("R", 0, WEB),
        new("U", 0, 9),
        new("REF", 0, WEB, "refs/heads/x"),
        old("Ref", "7:refs/heads/x"),
    )
)
ID_WORDS = (b"_", b"=", b"R_", b"BOT_", b"T_", b"kgDO", b"kwDO", b"MDEwOlJlcG9zaXRvcnk", b"OA==", b"\xce\0\0\0\x08")
DOCUMENTS = (
    b'{"query": "query($o: String = \\"acme\\") {repository(owner: $o, name: \\"web\\") {id issues(first: 1) {nodes {id}}}}"}',
    json.dumps({"query": "query($i: [ID!]!) {nodes(ids: $i) {id}}", "variables": {"i": [OURS, None]}}).encode(),
    json.dumps(
        {"query": "mutation($i: X!) {addComment(input: $i) {id}}", "variables": {"i": {"subjectId": OURS}}}
    ).encode(),
    b'{"query": "{organization(login: \\"acme\\") {...F}} fragment F on Organization {repository(name: \\"web\\") {id}}"}',
)
WORDS = (
    b"evil", THEIRS.encode(), b'owner: \\"evil\\"', b"search(query: 1) {id}", b"parent {id}", b"$o", b"null", b"[", b"]",
    b"...F", b"... on User ", b"repository", b"id: ", b"ids: ", b"headRef", b"{", b"}", b'"i":', b"\\u0065", b"login: 1",
)  # fmt: skip


def node_id(data: bytes) -> None:
    """It has one home at most in the new form, and what has one is written in one way only."""
    text = data.decode("latin-1")
    found = node_ids.homes(text)
    assert len(found) <= 2
    if found and "_" in text[:10]:
        assert text.rstrip("=") == text
        assert text.isascii()


def document(data: bytes) -> None:
    """It stays within the repositories, or is refused for one of two reasons; nothing else comes of it."""
    try:
        body = parsed(data)
        scope.check(body, SCOPE)
    except Undecodable:
        return
    except Refused as refused:
        assert refused.reason in (Reason.GRAPHQL_OPERATION_BLOCKED, Reason.GRAPHQL_REPO_SCOPE_BLOCKED)  # noqa: PT017
        return
    assert isinstance(body, dict)
    assert isinstance(body["query"], str)
