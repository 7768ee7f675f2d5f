"""What two configurations differ in, and what of that is taken up without a restart."""

from pathlib import Path
from typing import Any

import pytest

from airut.config.differences import Change, changes, taken_up
from airut.config.load import load_config
from airut.config.reload_class import ReloadClass
from airut.config.schema import Config

LIVE, TASK, CHANNEL, RESTART = ReloadClass.LIVE, ReloadClass.TASK, ReloadClass.CHANNEL, ReloadClass.RESTART
REPO = {
    "url": "https://github.com/acme/web.git",
    "channels": {"console": {}},
    "agent": {"auth": {"api_key": "sk-ant-api03-no-model-is-asked-here"}},
}


def config(repos: dict[str, Any] | None = None, **more: object) -> Config:
    return Config.model_validate({"config_version": 1, "repos": {"web": REPO} if repos is None else repos, **more})


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (config(), ()),
        (config(limits={"time": "2h"}), ()),  # as it was
        (config(limits={"time": "1h", "pids": 99}), (("limits.pids", TASK), ("limits.time", TASK))),
        (config(limits={"host_sandboxes": 3}), (("limits.host_sandboxes", RESTART),)),
        (config(budgets={"per_day": None}), (("budgets.per_day", LIVE),)),
        (config(state_dir="/x"), (("state_dir", RESTART),)),
        (config({"web": REPO, "api": REPO}), (("repos.api", CHANNEL),)),
        (config({}), (("repos.web", CHANNEL),)),
        (config({"web": {**REPO, "env": {"A": "1"}}}), (("repos.web.env.A", TASK),)),
        (config({"web": {**REPO, "url": "https://github.com/acme/x.git"}}), (("repos.web.url", CHANNEL),)),
        (config({"web": {**REPO, "budgets": {"per_task": 5}}}), (("repos.web.budgets.per_task", LIVE),)),
    ],
)
def test_changes(after: Config, expected: tuple[tuple[str, ReloadClass], ...]) -> None:
    assert changes(config(), after) == tuple(Change(path=path, reload=reload) for path, reload in expected)


def test_what_needs_a_restart_stays_as_it_is_and_all_else_is_taken_up() -> None:
    running = config(state_dir="/a", limits={"pids": 20, "host_sandboxes": 1}, sandbox={"network": {"ipv6": True}})
    wanted = config(
        {},
        state_dir="/b",
        limits={"pids": 30, "host_sandboxes": 2},
        sandbox={"nofile": 300, "network": {"ipv6": False}},
        security={"surrogate_key": "/k", "stale_secret_max": "2h"},
    )
    expected = config(
        {},
        state_dir="/a",
        limits={"pids": 30, "host_sandboxes": 1},
        sandbox={"nofile": 300, "network": {"ipv6": True}},
        security={"surrogate_key": None, "stale_secret_max": "2h"},
    )
    found = taken_up(running, wanted)
    assert found.model_dump() == expected.model_dump()
    assert found.limits.model_fields_set == {"pids", "host_sandboxes"}  # by which a small host's limits go
    assert taken_up(wanted, wanted) is wanted
    assert [each.path for each in changes(found, wanted)] == [
        "state_dir",
        "security.surrogate_key",
        "sandbox.network.ipv6",
        "limits.host_sandboxes",
    ]


def test_a_secret_is_another_when_its_source_is_and_not_when_its_value_is(tmp_path: Path) -> None:
    def read(key: str) -> Config:
        text = f"{{config_version: 1, repos: {{web: {{url: 'https://x.test/a', channels: {{console: {{}}}}, {key}}}}}}}"
        (tmp_path / "airut.yaml").write_text(text)
        return load_config(tmp_path / "airut.yaml", {"A": "value-of-a", "B": "value-of-b"})

    (tmp_path / "key").write_text("one")
    (tmp_path / "key").chmod(0o600)
    first = read("agent: {auth: {api_key: !file key}}")
    (tmp_path / "key").write_text("two")
    second = read("agent: {auth: {api_key: !file key}}")
    assert changes(first, second) == ()
    assert second.repos["web"].agent.auth == first.repos["web"].agent.auth
    third = read("agent: {auth: {api_key: !env A}}")
    path = "repos.web.agent.auth.api_key"
    assert [each.path for each in changes(second, third)] == [path]
    assert [each.path for each in changes(third, read("agent: {auth: {api_key: !env B}}"))] == [path]


def test_a_repository_that_was_taken_out_is_known_until_it_comes_back() -> None:
    first = config({"web": REPO, "api": REPO})
    second = taken_up(first, config({"api": REPO}))
    third = taken_up(second, config({"api": {**REPO, "env": {"A": "1"}}}))
    assert [list(each.departed) for each in (first, second, third)] == [[], ["web"], ["web"]]
    assert list(third.every_repo) == ["web", "api"]
    back = taken_up(third, config({"web": REPO}))
    assert (list(back.departed), list(back.repos)) == (["api"], ["web"])
