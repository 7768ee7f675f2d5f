"""`rules.json` is read strictly, and anything else blocks."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from proxy.block import Reason, Refused
from proxy.reload import LiveRules
from proxy.rules import Rules
from proxy.rules_document import parse
from proxy.rules_members import RulesError
from tests.proxy.documents import aws, credential, entry, rules

AWS = aws(session_token={"surrogate": "surrogate-token", "value": "real-value-token"}, regions=["eu-north-1"])
MINT = {"path": "/token", "fields": ["/token"], "hosts": ["*.test"], "ttl": 60}
DOCUMENT = rules(
    entry("api.test", ports=[8443], query={"a": ["*"]}), credentials=[credential("TOKEN", mints=[MINT])], aws=[AWS]
)


def test_a_whole_document() -> None:
    parsed = parse(json.dumps(DOCUMENT))
    assert parsed.tcp_ports() == (80, 443, 8443)
    assert parsed.entries[0].query == {"a": ("*",)}
    assert "real-value-of-TOKEN" not in repr(parsed)


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, child in children for path in paths(child, (*at, key)))]


@pytest.mark.parametrize("path", paths(DOCUMENT), ids=lambda path: ".".join(map(str, path)) or "document")
@pytest.mark.parametrize("junk", [object, {"x": 1}, [[]], True, 1.5, ""], ids=lambda junk: repr(junk)[:8])
def test_every_member_has_one_type(path: tuple[Any, ...], junk: Any) -> None:
    broken = copy.deepcopy(DOCUMENT)
    if not path:
        broken = [broken]  # type: ignore[assignment]
    else:
        parent = broken
        for key in path[:-1]:
            parent = parent[key]
        if junk is object:
            del parent[path[-1]]
        else:
            parent[path[-1]] = junk
    harmless = (
        junk in ("", object)
        and path
        and (isinstance(path[-1], int) or path[-1] in {"digest", "rule", "name", "comment"})
    )
    harmless = harmless or (path and path[-1] in {"id", "thread", "task"} and junk == "")
    harmless = harmless or (path[-2:] == ("query", "a") and junk is object)
    harmless = harmless or (path[:1] == ("extra_ca_file",) and junk == "")
    harmless = harmless or (path[-1:] in {("allow_anonymous",), ("allow_sts",)} and junk is True)
    try:
        parse(json.dumps(broken))
    except RulesError as error:
        assert "real-value" not in str(error)  # noqa: PT017 - the point is that it may also pass
    else:
        assert harmless or (junk == "" and isinstance(path[-1], int))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", json.dumps(DOCUMENT)[:-20], json.dumps({**DOCUMENT, "version": 2}), "[" * 100_000,
     '{"version": 1, "version": 1}', json.dumps({**DOCUMENT, "extra": 1})],
)  # fmt: skip
def test_other_documents(text: str) -> None:
    with pytest.raises(RulesError):
        parse(text)


def test_a_file_renamed_over_is_taken_and_a_broken_one_blocks(tmp_path: Path) -> None:
    path, adopted = tmp_path / "rules.json", list[Rules]()
    live = LiveRules(path, adopted.append)

    def replace(text: str) -> None:
        (tmp_path / "new").write_text(text)
        (tmp_path / "new").replace(path)

    with pytest.raises(Refused):
        live.current()
    replace(json.dumps(DOCUMENT))
    first = live.current()
    assert live.current() is first
    replace(json.dumps({**DOCUMENT, "digest": "2"}))
    assert live.current().digest == "2"
    replace("{")
    with pytest.raises(Refused) as refused:
        live.current()
    assert refused.value.reason is Reason.INTERNAL_ERROR
    replace(json.dumps(DOCUMENT))
    assert live.current() == first
    assert len(adopted) == 3
    path.unlink()
    with pytest.raises(Refused):
        live.current()


def test_rules_that_cannot_be_adopted_block(tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(DOCUMENT))

    def refuse(_: Rules) -> None:
        raise OSError("no such CA file")

    live = LiveRules(path, refuse)
    for _ in range(2):
        with pytest.raises(Refused):
            live.current()
