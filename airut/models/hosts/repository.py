"""What is configured for one repository, in the shapes that activities use."""

from pathlib import Path

from airut.models.base import Model
from airut.models.credentials.kinds import AnySandboxCredential
from airut.models.hosts.build import CONTAINER
from airut.models.policy.model_endpoint import ANTHROPIC, ModelEndpoint
from airut.models.pull_requests.body import BRANCH
from airut.models.pull_requests.follow_up import OnFailure
from airut.models.tasks.mcp import McpServer


class AgentSettings(Model):
    """How the agent is run here. `binary` is Claude Code on this host."""

    binary: Path
    model: str | None = None
    effort: str | None = None
    max_turns: int = 200
    system_prompt: str | None = None
    settings: dict[str, object] = {}
    """Of Claude Code, beside ours."""
    mcp_servers: dict[str, McpServer] = {}
    slug: str
    """`owner/name` on the forge, which presets of the policy expand to."""
    fenced: bool = True
    """False where airut.yaml says `network.enabled: false` of the repository."""
    granted_presets: tuple[str, ...] = ("anthropic",)
    model_endpoint: ModelEndpoint = ANTHROPIC
    model_hosts: tuple[str, ...] = ()
    upstream_dns: tuple[str, ...] = ()
    private_ranges: tuple[str, ...] = ()
    extra_ca_files: tuple[Path, ...] = ()


class PullRequestSettings(Model):
    enabled: bool = True
    draft: bool = True
    labels: tuple[str, ...] = ("airut",)
    reviewers: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    branch: str = BRANCH
    template: str | None = None
    show_author: bool = False
    follow_ci: bool = False
    on_failure: OnFailure = OnFailure.NOTIFY
    max_file: int = 50 * 1024**2
    container: str = CONTAINER
    """What the repository's image is built from; a pull request that changes it says so."""


class RepositorySecrets(Model):
    """What the sandbox's environment is made of. Credentials hold real values: never across Temporal."""

    environment: dict[str, str]
    files: dict[str, str] = {}
    """What clients in the sandbox read, as `SandboxSpec.files`; stand-ins only."""
    credentials: tuple[AnySandboxCredential, ...]
