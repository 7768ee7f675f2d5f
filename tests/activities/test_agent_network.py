"""What an agent's fence is told, from the repository's settings to the rules that the proxy reads."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from airut.adapters.ca import load_or_create_root
from airut.adapters.fence_rules import FenceRules
from airut.models.hosts.repository import AgentSettings
from airut.models.hosts.sandbox import SandboxRef, SandboxSpec
from airut.models.policy.model_endpoint import ModelEndpoint
from airut.models.policy.rules import RuleSet
from proxy import rules_document
from tests.activities.agent_bench import Bench, Configured, Tree
from tests.support.fake_sandbox import FakeSandboxes


class Watched(FakeSandboxes):
    """Keeps what was started."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[SandboxSpec] = []

    async def start(self, spec: SandboxSpec) -> SandboxRef:
        self.started.append(spec)
        return await super().start(spec)


@dataclass
class Given(Configured):
    """With what airut.yaml may say of the network."""

    settings: AgentSettings = field(
        default_factory=lambda: AgentSettings(
            binary=Path("/opt/claude/claude"),
            slug="acme/web",
            granted_presets=("anthropic", "go"),
            model_endpoint=ModelEndpoint(host="gw.corp.example", port=8443, path="/claude"),
            model_hosts=("gw.corp.example", "*.models.example"),
            private_ranges=("10.0.0.0/8",),
        )
    )

    def agent(self, repo: str) -> AgentSettings:
        return self.settings


async def test_the_settings_reach_the_proxy(bench: Bench, tmp_path: Path) -> None:
    bench.configured = Given()
    bench.sandboxes = watched = Watched()
    bench.tree = Tree({".airut/network-allowlist.yaml": "domains: [docs.test]\n"})
    await bench.start("true")
    (spec,) = watched.started
    made = rules_document.parse(FenceRules(load_or_create_root(tmp_path / "ca")).rules(spec, "10.199.0.2"))
    assert made.model_hosts == ("gw.corp.example", "*.models.example")
    assert made.tcp_ports() == (80, 443, 8443)
    assert [(entry.rule, entry.host, entry.path) for entry in made.entries] == [
        (".airut/network-allowlist.yaml:1", "docs.test", None),
        ("preset:go", "proxy.golang.org", None),
        ("preset:go", "sum.golang.org", None),
        ("preset:anthropic", "gw.corp.example", "/claude/v1/messages"),
        ("preset:anthropic", "gw.corp.example", "/claude/v1/messages/*"),
        ("preset:anthropic", "gw.corp.example", "/claude/v1/models"),
        ("preset:anthropic", "gw.corp.example", "/claude/v1/models/*"),
    ]


@pytest.mark.parametrize(
    ("told", "trace"),
    [
        ({"TRACEPARENT": f"00-{'ab' * 16}-{'12' * 8}-01"}, "ab" * 16),
        ({"TRACEPARENT": "00-not-one-01"}, ""),
        ({}, ""),
    ],
)
async def test_the_trace_of_a_sandbox_reaches_the_access_log(
    bench: Bench, tmp_path: Path, told: dict[str, str], trace: str
) -> None:
    bench.configured = Given()
    bench.sandboxes = watched = Watched()
    await bench.start("true")
    spec = watched.started[0].model_copy(update={"environment": told})
    written = FenceRules(load_or_create_root(tmp_path / "ca")).rules(spec, "10.199.0.2")
    assert rules_document.parse(written).sandbox.trace_id == trace
    # A proxy that an earlier version has started takes no member that it does not know.
    assert ("trace_id" in json.loads(written)["sandbox"]) == bool(trace)
    RuleSet.model_validate_json(written)  # as a renewal reads it
