"""`airut.yaml` as typed values (spec: operations §1). Times in seconds, sizes in bytes, as `durations` reads them."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from airut.config.audit_settings import AuditSettings
from airut.config.blob_settings import BlobSettings
from airut.config.build_settings import BuildSettings
from airut.config.codec_settings import CodecSettings
from airut.config.dashboard_settings import DashboardSettings
from airut.config.execution_settings import ExecutionSettings
from airut.config.installation import installation_id
from airut.config.limit_settings import LimitSettings, SandboxLimitSettings
from airut.config.paths import FolderPath
from airut.config.reload_class import ReloadClass
from airut.config.repo_schema import RepoConfig
from airut.config.secret_fields import secrets_in
from airut.config.secret_sources import SecretSources
from airut.config.telemetry_settings import TelemetrySettings
from airut.models.base import Model
from airut.models.budgets.settings import BudgetSettings
from airut.models.credentials.lookalikes import shown_instead
from airut.models.credentials.redaction import Redactor
from airut.models.credentials.secret import Secret
from airut.models.mail.settings import mailbox_of
from airut.models.policy import presets
from airut.models.policy.host_patterns import host_pattern
from airut.models.policy.rules import Network
from airut.models.values.durations import Bytes, Seconds, Share

_REPO_NAME = r"^[a-z0-9][a-z0-9-]{0,39}$"
_HOST_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"


def _preset(name: str) -> str:
    if name not in presets.NAMES:
        raise ValueError(f"unknown preset; there are {', '.join(presets.NAMES)}")
    return name


PresetName = Annotated[str, AfterValidator(_preset)]
HostPattern = Annotated[str, AfterValidator(host_pattern)]


class TemporalSettings(Model):
    """`external` takes address, TLS and key from Temporal's own environment configuration."""

    mode: Literal["embedded", "external"] = "embedded"
    """`embedded` is a server of our own, in `airut up`."""
    namespace: str = "airut"
    """Temporal's namespace of all our workflows."""
    database: FolderPath | None = None
    """The embedded server's file; null is `temporal.db` below `state_dir`."""
    port: int = 7233
    """Of the embedded server, on 127.0.0.1."""
    ui_port: int = 8233
    """Of its web pages, on 127.0.0.1."""
    codec: CodecSettings = CodecSettings()


class NetworkSettings(Model):
    upstream_dns: tuple[str, ...] = ()
    """Name servers for allowed hosts; empty is the host's own."""
    private_ranges: tuple[Network, ...] = ()
    """Private networks that a repository's allowlist may open with `addresses`."""
    extra_ca_files: tuple[FolderPath, ...] = ()
    """PEM files of authorities that the proxy believes besides the system's."""
    granted_presets: tuple[PresetName, ...] = ("anthropic",)
    """What every sandbox reaches, whatever the repository's allowlist says."""
    model_hosts: tuple[HostPattern, ...] = ()
    """Where else requests for the model's API go, whose bodies are looked at: patterns, as in an allowlist."""


class SandboxNetwork(Model):
    pool: str = "10.199.0.0/16"
    """Where sandboxes' networks are taken from."""
    ipv6: bool = False
    """Whether sandboxes have an IPv6 address as well, for programs that ask for nothing else."""


class SecuritySettings(Model):
    surrogate_key: FolderPath | None = None
    """File with the key that surrogates follow from; null is `surrogate.key` below `state_dir`. Hosts that share their
    threads have the same key, or a thread's surrogates would change when it moves."""
    stale_secret_max: Annotated[Seconds, ReloadClass.LIVE, Field(ge=0)] = 3600.0
    """How long the last good value of a secret is used after its source has begun to fail."""


class TmpfsSettings(Model):
    """Sizes of what a sandbox may write to besides its mounts; all of it counts as its memory."""

    tmp: Annotated[Bytes, Field(ge=1024**2)] = 2 * 1024**3
    """Of `/tmp`."""
    run: Annotated[Bytes, Field(ge=1024**2)] = 64 * 1024**2
    """Of `/run`."""
    var_tmp: Annotated[Bytes, Field(ge=1024**2)] = 1024**3
    """Of `/var/tmp`."""


class SandboxSettings(Model):
    host_id: Annotated[Annotated[str, Field(pattern=_HOST_ID)] | None, ReloadClass.RESTART] = None
    """The name of this sandbox host, by which its threads find it again; null is the machine's own name."""
    podman_socket: Annotated[FolderPath | None, ReloadClass.RESTART] = None
    """Where Podman answers; null is a service that we start ourselves."""
    warm: Annotated[int, Field(ge=0, le=16)] = 1
    """Proxies that are kept ready, so that a sandbox starts sooner."""
    freeze: bool = True
    """Whether a pause freezes the agent where it is, so that a resume goes on with what is in hand. Without it, or
    where the host cannot freeze, it is interrupted and its session is gone on with."""
    freeze_max: Annotated[Seconds, Field(ge=10, le=86400)] = 1800.0
    """How long an agent may stand frozen, in all its pauses together; then it is interrupted, and its memory free."""
    network: Annotated[SandboxNetwork, ReloadClass.RESTART] = SandboxNetwork()
    """Addresses of sandboxes."""
    profile: Literal["default", "root"] = "default"
    """`root`: the agent is root in its container, and may write to all of it."""
    seccomp: FolderPath | None = None
    """A profile of system calls that is stricter than the engine's own."""
    tmpfs: TmpfsSettings = TmpfsSettings()
    nofile: Annotated[int, Field(ge=256, le=1_048_576)] = 65_536
    """Open files of one process; less where this host allows less."""


class ArchiveSettings(Model):
    keep: Annotated[Seconds, Field(ge=86400)] = 180 * 86400.0
    """From a thread's end on; later, a reply to it begins afresh."""


class ImageSettings(Model):
    keep: Annotated[Seconds, Field(ge=3600)] = 7 * 86400.0
    """Since the last task that used it, of an image that no repository wants any more."""


class DiskSettings(Model):
    min_free: Annotated[Share, Field(ge=0, lt=1)] = 0.1
    """Below this share of the file system that holds `state_dir`, room is made; if that fails, new tasks wait."""


def _laid_over[M: Model](everywhere: M, own: Model) -> M:
    return everywhere.model_copy(update={key: getattr(own, key) for key in own.model_fields_set})


class Config(Model):
    """The whole file."""

    config_version: Literal[1]
    """Of the form of this file; `airut migrate` brings an older one up to date."""
    vars: Annotated[dict[str, object], ReloadClass.LIVE, Field(repr=False, exclude=True)] = {}  # may hold secrets
    """Values of a name, for `!var name`. They may hold `!env` and `!file`, and no `!var`."""
    temporal: Annotated[TemporalSettings, ReloadClass.RESTART] = TemporalSettings()
    state_dir: Annotated[FolderPath, ReloadClass.RESTART] = Path("~/.local/state/airut")
    """Everything that this host keeps lies below."""
    security: Annotated[SecuritySettings, ReloadClass.RESTART] = SecuritySettings()
    network: Annotated[NetworkSettings, ReloadClass.TASK] = NetworkSettings()
    sandbox: Annotated[SandboxSettings, ReloadClass.TASK] = SandboxSettings()
    limits: Annotated[LimitSettings, ReloadClass.TASK] = LimitSettings()
    execution: Annotated[ExecutionSettings, ReloadClass.LIVE] = ExecutionSettings()
    archive: Annotated[ArchiveSettings, ReloadClass.LIVE] = ArchiveSettings()
    images: Annotated[ImageSettings, ReloadClass.LIVE] = ImageSettings()
    build: Annotated[BuildSettings, ReloadClass.TASK] = BuildSettings()
    blobs: Annotated[BlobSettings, ReloadClass.RESTART] = BlobSettings()
    disk: Annotated[DiskSettings, ReloadClass.LIVE] = DiskSettings()
    budgets: Annotated[BudgetSettings, ReloadClass.LIVE] = BudgetSettings()
    dashboard: Annotated[DashboardSettings, ReloadClass.RESTART] = DashboardSettings()
    telemetry: Annotated[TelemetrySettings, ReloadClass.RESTART] = TelemetrySettings()
    audit: Annotated[AuditSettings, ReloadClass.RESTART] = AuditSettings()
    repos: Annotated[dict[Annotated[str, Field(pattern=_REPO_NAME)], RepoConfig], ReloadClass.CHANNEL] = {}
    """By a name of your own: lower-case letters, digits and hyphens."""
    _sources: SecretSources = PrivateAttr(default_factory=SecretSources)
    _departed: dict[str, RepoConfig] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        mailboxes: dict[tuple[str, str, str], str] = {}
        for name, repo in self.repos.items():
            if repo.channels.email is None:
                continue
            imap, account = repo.channels.email.imap, repo.channels.email.account
            mailbox = mailbox_of(repo.channels.email)
            if other := mailboxes.setdefault(mailbox, name) if mailbox in mailboxes else None:
                raise ValueError(f"repos.{other} and repos.{name} share mailbox {account.username} on {imap.host}")
            mailboxes[mailbox] = name
        apps: list[tuple[str, Secret]] = []
        for name, repo in self.repos.items():
            if (slack := repo.channels.slack) is None:
                continue
            for other, token in apps:
                if token.reveal() == slack.app_token.reveal():
                    raise ValueError(f"repos.{other} and repos.{name} share one Slack app (channels.slack.app_token)")
            apps.append((name, slack.app_token))
        for name in self.repos:
            if fault := self.budgets_of(name).fault():
                raise ValueError(f"budgets of repos.{name}: {fault}")
        return self

    @classmethod
    def unconfigured(cls) -> Self:
        """Where there is no file yet: every default, and no repository."""
        return cls(config_version=1)

    def with_sources(self, sources: SecretSources) -> Self:
        """The same, and what its secrets are read from."""
        sources.named({place: secret.origin for place, secret in secrets_in(self)}, self.security.stale_secret_max)
        self._sources = sources
        return self

    @property
    def sources(self) -> SecretSources:
        return self._sources

    @property
    def redactor(self) -> Redactor:
        """Hides every secret, and in texts for people those plain variables that look like one."""
        env = {name: value for repo in self.repos.values() for name, value in repo.env.items()}
        return Redactor(shown_instead(env), beside=self._sources.redactor)

    @property
    def departed(self) -> dict[str, RepoConfig]:
        """Repositories that were taken out of the file while this process ran: what has begun there is finished and
        answered, and nothing begins."""
        return self._departed

    @property
    def every_repo(self) -> dict[str, RepoConfig]:
        """With those that have departed."""
        return {**self._departed, **self.repos}

    def following(self, before: Self) -> Self:
        """The same, as the next configuration of a process that has run by `before`."""
        self._departed = {name: repo for name, repo in before.every_repo.items() if name not in self.repos}
        return self

    def budgets_of(self, repo: str) -> BudgetSettings:
        """The global budgets, with what the repository sets itself laid over."""
        return _laid_over(self.budgets, self.repos[repo].budgets)

    def limits_of(self, repo: str) -> SandboxLimitSettings:
        """The global limits of a sandbox, with what the repository sets itself laid over."""
        return _laid_over(self.limits, self.repos[repo].limits)

    @property
    def state(self) -> Path:
        return self.state_dir.expanduser()

    @property
    def shared_id(self) -> str:
        """The name of this installation on all of its machines, from what they share: whose its schedules are."""
        return installation_id(Path(self.blobs.shared or self.state))

    @property
    def blob_folder(self) -> Path:
        return self.blobs.path or self.state / "blobs"

    @property
    def logins(self) -> Path:
        """Of the dashboard: digests of its links, tokens and sessions."""
        return self.state / "dashboard" / "logins.db"

    @property
    def audit_file(self) -> Path:
        return self.audit.path or self.state / "audit.jsonl"

    @property
    def surrogate_key(self) -> Path:
        return self.security.surrogate_key or self.state / "surrogate.key"

    @property
    def surrogate_fingerprint(self) -> Path:
        """Of the surrogates' key, for every sandbox host; beside the blobs that they share."""
        return self.blob_folder.with_name("surrogate.fingerprint")

    @property
    def payloads(self) -> Path:
        """Values too large for a history. Apart from `blobs`: they are needed as long as a history names them, whatever
        their age, so nothing may sweep them by age."""
        return self.blob_folder.with_name("payloads")  # whoever shares the blobs shares these

    @property
    def health(self) -> Path:
        """What processes tell of themselves; beside the blobs, for the dashboard."""
        return self.blob_folder.with_name("health")

    @property
    def archives(self) -> Path:
        """Of ended threads; beside the blobs that they name, for every control worker."""
        return self.blob_folder.with_name("archive")
