"""A tool's script in a sandbox of the product, in front of stand-ins of what it talks to."""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from airut.demo.internet import Internet
from airut.demo.repositories import commit_files, seed_repository
from airut.models.credentials.aws import AwsCredential, SandboxAwsCredential, aws_for_sandbox
from airut.models.credentials.kinds import Credential, SandboxCredential, for_sandbox
from airut.models.credentials.secret import Secret
from airut.models.hosts.sandbox import Limits, NetworkSpec
from tests.contract.sandbox import Stage
from tests.matrix.stock import stock
from tests.matrix.tools import Tool

GITHUB_TOKEN = "ghp_" + "R" * 36
ACCESS_KEY, SECRET_KEY = "AKIAREALREALREALREAL", "real/secret+real/secret+real/secret+real"


@dataclass(frozen=True)
class Outcome:
    """What came of one tool."""

    tool: Tool
    code: int
    output: str
    errors: str
    requests: int
    blocked: tuple[str, ...]
    seconds: float

    @property
    def works(self) -> bool:
        return self.code == 0 and self.tool.says in self.output and not self.blocked


async def serve(folder: Path) -> Internet:
    """Everything that the tools talk to, from files below a folder of this test."""
    internet = Internet.from_environment()
    hosts = stock(folder / "hosts")
    await internet.serve_files(folder / "hosts")
    for host in hosts:
        await internet.set_name(host, os.environ["AIRUT_LAB_REGISTRY"])
    repository = seed_repository(folder / "forge", {"README.md": "# Web\n"})
    commit_files(repository, "gh-branch", {"more.md": "more\n"}, "More", base="main")
    await internet.serve_repositories(folder / "forge", {GITHUB_TOKEN: "airut-bot"})
    return internet


def credentials() -> tuple[SandboxCredential | SandboxAwsCredential, ...]:
    """The sandbox holds what stands for them."""
    github = Credential(value=Secret(GITHUB_TOKEN), hosts=("github.com", "api.github.com"))
    aws = AwsCredential(
        kind="aws",
        access_key_id=Secret(ACCESS_KEY),
        secret_access_key=Secret(SECRET_KEY),
        hosts=("*.amazonaws.com",),
    )
    context = {"key": b"k" * 32, "thread": "matrix", "repo": "web"}
    return (
        for_sandbox("GITHUB_TOKEN", github, **context),  # type: ignore[arg-type]
        aws_for_sandbox("AWS", aws, **context),  # type: ignore[arg-type]
    )


async def run(stage: Stage, tool: Tool) -> Outcome:
    """The script in a sandbox whose allowlist is the tool's and no more."""
    given = credentials()
    environment = dict(tool.environment)
    for one in given:
        environment |= one.environment()
    network = NetworkSpec(
        allowlist=tool.allowlist,
        repository="acme/web",
        granted_presets=(),
        credentials=given,
        upstream_dns=(os.environ["AIRUT_LAB_DNS"],),
        extra_ca_files=(Path(os.environ["AIRUT_LAB_CA_DIR"]) / "ca.pem",),
    )
    spec = stage.spec(
        "",
        command=("bash", "-c", tool.script),
        environment=environment,
        network=network,
        limits=Limits(memory=2 * 1024**3, cpus=2, pids=500, time=120),
    )
    begun = time.monotonic()
    output, ended = await stage.run(spec)
    lines = [json.loads(line) for line in (spec.folder / "log" / "network.jsonl").read_text().splitlines()]
    return Outcome(
        tool=tool,
        code=ended.code,
        output=output.decode(errors="replace"),
        errors=(spec.folder / "out" / "stderr").read_text(errors="replace"),
        requests=sum(line["kind"] == "http" for line in lines),
        blocked=tuple(told(line) for line in lines if line.get("decision") == "blocked" and line["kind"] != "dns"),
        seconds=time.monotonic() - begun,
    )


def told(line: dict[str, object]) -> str:
    """A refusal of the access log in a few words."""
    return " ".join(str(line[name]) for name in ("reason", "method", "host", "path", "kind") if name in line)


def table(outcomes: Sequence[Outcome]) -> Table:
    shown = Table("tool", "works", "requests", "refused", "seconds", "allowlist")
    for outcome in outcomes:
        cells = (str(outcome.requests), str(len(outcome.blocked)), f"{outcome.seconds:.1f}")
        allowlist = escape(" ".join(outcome.tool.allowlist.split()))
        shown.add_row(outcome.tool.name, "yes" if outcome.works else "NO", *cells, allowlist)
    return shown


def complaint(outcome: Outcome) -> str:
    """All there is to know of one that does not work."""
    return (
        f"{outcome.tool.name}: exit code {outcome.code}\n{outcome.output[-2000:]}\n{outcome.errors[-3000:]}\n"
        + "\n".join(outcome.blocked)
    )
