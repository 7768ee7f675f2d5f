"""GraphQL for GitHub through the real proxy: what leaves with the App's token, and what is refused on the way."""

import gzip
import json
from typing import Any

import pytest

from tests.proxy.documents import credential, entry, rules
from tests.proxy.fence import Fence
from tests.proxy.github.ids import new
from tests.proxy.upstreams import Echo

REPOSITORIES = [{"id": 7, "name": "acme/web"}]
OURS = {"query": '{repository(owner: "acme", name: "web"){id}}'}
THEIRS = {"query": '{repository(owner: "evil", name: "web"){id}}'}
TOKEN = "real-value-of-GH_APP"


@pytest.fixture
async def github(fence: Fence) -> tuple[Echo, int]:
    """An enterprise server, open as a whole, for whose hosts an App's token is there."""
    echo = Echo()
    port = await fence.upstream("github.test", echo)
    await fence.use(document(port))
    return echo, port


def document(port: int, **given: Any) -> dict[str, Any]:
    app = credential("GH_APP", kind="github_app", hosts=["github.test"], ports=[port], **given)
    scope = {"credential": "GH_APP", "hosts": ["github.test"], "repositories": REPOSITORIES}
    return rules(entry("github.test", ports=[port], origin="domains"), credentials=[app], repository_scopes=[scope])


async def ask(fence: Fence, port: int, body: Any, path: str = "/api/graphql", method: str = "POST", **more: str) -> Any:
    async with fence.client() as client:
        headers = {"Authorization": "Bearer surrogate-of-GH_APP", "Content-Type": "application/json; charset=utf-8"}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return await client.request(
            method, f"https://github.test:{port}{path}", content=content, headers=headers | named
        )


@pytest.mark.parametrize("path", ["/api/graphql", "/graphql"])
async def test_what_stays_goes_out_with_the_token(fence: Fence, github: tuple[Echo, int], path: str) -> None:
    echo, port = github
    assert (await ask(fence, port, OURS, path)).status_code == 200
    assert f"authorization: bearer {TOKEN}" in echo.heads[0].lower().replace(TOKEN.lower(), TOKEN)
    assert json.loads(echo.bodies[0]) == OURS
    line = (await fence.logged(1))[0]
    assert (line["credentials"], line["graphql"]) == (["GH_APP"], "query repository")


REFUSED: list[tuple[Any, str, str]] = [
    (THEIRS, "/api/graphql", "graphql_repo_scope_blocked"),
    (THEIRS, "/graphql", "graphql_repo_scope_blocked"),
    (THEIRS, "/api//graphql", "graphql_repo_scope_blocked"),
    (THEIRS, "/api/graphql/", "graphql_repo_scope_blocked"),
    (THEIRS, "/api/graphq%6C", "graphql_repo_scope_blocked"),
    (THEIRS, "/API/GraphQL", "graphql_repo_scope_blocked"),
    (THEIRS, "/api%2Fgraphql", "graphql_repo_scope_blocked"),
    (THEIRS, "/api/graphql;x=1", "graphql_repo_scope_blocked"),
    ({"query": f'{{node(id: "{new("I", 0, 8, 1)}"){{id}}}}'}, "/graphql", "graphql_repo_scope_blocked"),
    ({"query": '{search(query: "x", type: ISSUE){issueCount}}'}, "/graphql", "graphql_repo_scope_blocked"),
    ([OURS], "/graphql", "graphql_operation_blocked"),
    ({"query": "{viewer"}, "/graphql", "graphql_operation_blocked"),
    (b"query=%7Bviewer%7D", "/graphql", "graphql_operation_blocked"),
    (OURS, "/graphql?query=%7Bviewer%7D", "graphql_operation_blocked"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "path", "reason"), REFUSED)
async def test_what_leaves_never_reaches_github(
    fence: Fence, github: tuple[Echo, int], body: Any, path: str, reason: str
) -> None:
    echo, port = github
    answer = await ask(fence, port, body, path)
    assert (answer.status_code, answer.json()["reason"]) == (403, reason)
    assert (echo.heads, echo.connections) == ([], 0)


async def test_neither_method_nor_encoding_gets_around_it(fence: Fence, github: tuple[Echo, int]) -> None:
    echo, port = github
    assert (await ask(fence, port, b"", method="GET")).json()["reason"] == "graphql_operation_blocked"
    packed = await ask(fence, port, gzip.compress(json.dumps(THEIRS).encode()), Content_Encoding="gzip")
    assert packed.json()["reason"] == "graphql_repo_scope_blocked"
    without = await ask(fence, port, THEIRS, Authorization="Bearer of-somebody-else")
    assert without.json()["reason"] == "graphql_repo_scope_blocked"
    assert echo.heads == []
    assert (await ask(fence, port, b"anything", "/api/v3/repos/evil/web")).status_code == 200


async def test_two_apps_are_each_held_to_their_own(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("github.test", echo)
    made = document(port)
    made["credentials"].append(credential("OTHER", kind="github_app", hosts=["github.test"], ports=[port]))
    other = {"credential": "OTHER", "hosts": ["github.test"], "repositories": [{"id": 8, "name": "evil/web"}]}
    made["repository_scopes"].append(other)
    await fence.use(made)
    assert (await ask(fence, port, OURS)).status_code == 200
    assert (await ask(fence, port, THEIRS)).status_code == 403
    assert (await ask(fence, port, THEIRS, Authorization="token surrogate-of-OTHER")).status_code == 200
    assert (await ask(fence, port, OURS, Authorization="none")).status_code == 403
    both = "Bearer surrogate-of-OTHER surrogate-of-GH_APP"
    assert (await ask(fence, port, OURS, Authorization=both)).status_code == 403
    assert len(echo.heads) == 2


async def test_a_token_that_is_not_to_be_had(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("github.test", echo)
    made = document(port, value=None)
    made["repository_scopes"][0]["repositories"] = []
    await fence.use(made)
    answer = await ask(fence, port, b"", "/api/v3/user", "GET")
    assert (answer.status_code, answer.json()["reason"]) == (503, "credential_unavailable")
    assert answer.headers["retry-after"] == "30"
    assert (await ask(fence, port, {"query": "{viewer{login}}"})).status_code == 503
    assert echo.heads == []
    await fence.use(document(port))
    assert (await ask(fence, port, OURS)).status_code == 200


async def test_a_part_that_raises_lets_nothing_pass(own_fence: Fence) -> None:
    echo = Echo()
    port = await own_fence.upstream("github.test", echo)
    await own_fence.start(document(port), sabotage="proxy.github.scope:check")
    answer = await ask(own_fence, port, OURS)
    assert (answer.status_code, answer.json()["reason"]) == (403, "internal_error")
    assert echo.heads == []
