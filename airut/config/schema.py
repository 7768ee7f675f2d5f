"""`airut.yaml` as typed values (spec: operations §1). Times in seconds, sizes in bytes, as `durations` reads them."""

import base64
import binascii
import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from airut.models.base import Model
from airut.models.budget_settings import BudgetSettings
from airut.models.credentials import AnyCredential, variables
from airut.models.durations import Bytes, Seconds, Share, or_none, parse_duration, parse_size
from airut.models.mail_address import is_authorized
from airut.models.mail_settings import EmailChannel
from airut.models.message import Effort
from airut.models.schedule import SCHEDULE_NAME, ScheduleSettings
from airut.models.secret import Secret
from airut.models.timezones import ZoneName

_REPO_NAME = r"^[a-z0-9][a-z0-9-]{0,39}$"
_HOST_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
RESERVED = frozenset({"HOME", "IS_SANDBOX", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "PATH"})


def _home(path: Path) -> Path:
    return path.expanduser()


FolderPath = Annotated[Path, AfterValidator(_home)]


CODEC_KEY_BYTES = 32
"""AES-256."""


def _codec_key(key: Secret) -> Secret:
    """The shape is checked here, where the error can name the field; the value itself shows nowhere."""
    try:
        right = len(base64.b64decode(key.reveal(), validate=True)) == CODEC_KEY_BYTES
    except (binascii.Error, ValueError):
        right = False
    if not right:
        raise ValueError(f"must be {CODEC_KEY_BYTES} random bytes in base64; make one with `openssl rand -base64 32`")
    return key


CodecKey = Annotated[Secret, AfterValidator(_codec_key)]
CodecKeyId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,40}$")]


class CodecSettings(Model):
    """Encryption of what Temporal records. Keys that are not active still decrypt, also when it is not enabled."""

    enabled: bool = False
    keys: dict[CodecKeyId, CodecKey] = {}
    active: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.active is not None and self.active not in self.keys:
            known = ", ".join(self.keys) or "none"
            raise ValueError(f"active is {self.active!r}, which is not among keys ({known})")
        if self.enabled and self.active is None:
            raise ValueError("enabled needs active: the id of the key under keys that new values are encrypted with")
        return self


class TemporalSettings(Model):
    """`external` takes address, TLS and key from Temporal's own environment configuration."""

    mode: Literal["embedded", "external"] = "embedded"
    namespace: str = "airut"
    database: FolderPath | None = None
    port: int = 7233
    ui_port: int = 8233
    codec: CodecSettings = CodecSettings()


class NetworkSettings(Model):
    upstream_dns: tuple[str, ...] = ()
    private_ranges: tuple[str, ...] = ()
    extra_ca_files: tuple[FolderPath, ...] = ()
    granted_presets: tuple[str, ...] = ("anthropic",)


class SandboxNetwork(Model):
    pool: str = "10.199.0.0/16"


class SecuritySettings(Model):
    surrogate_key: FolderPath | None = None
    """File with the key that surrogates follow from; None is `surrogate.key` below `state_dir`. Hosts that share their
    threads have the same key, or a thread's surrogates would change when it moves."""


class SandboxSettings(Model):
    host_id: Annotated[str, Field(pattern=_HOST_ID)] | None = None
    """The name of this sandbox host, by which its threads find it again; None is the machine's own name."""
    podman_socket: FolderPath | None = None
    warm: Annotated[int, Field(ge=0, le=16)] = 1
    network: SandboxNetwork = SandboxNetwork()


class LimitSettings(Model):
    """Limits of one sandbox, and how many sandboxes a host runs at once."""

    memory: Bytes = 8 * 1024**3
    cpus: Annotated[float, Field(gt=0)] = 4.0
    pids: Annotated[int, Field(ge=16)] = 1024
    time: Annotated[Seconds, Field(ge=10, le=7 * 86400)] = 2 * 3600.0
    idle: Annotated[Seconds, Field(ge=10)] = 30 * 60.0
    disk: Annotated[Annotated[int, Field(ge=64 * 1024**2)] | None, or_none("unlimited", parse_size)] = 20 * 1024**3
    """Workspace, storage and home of one thread together."""
    output: Annotated[Bytes, Field(le=2 * 1024**3)] = 512 * 1024**2
    host_sandboxes: Annotated[int, Field(ge=1)] | None = None
    enforce: Literal["strict", "best_effort"] = "strict"


class ExecutionSettings(Model):
    """How long threads and their waits last."""

    thread_idle_max: Annotated[Seconds, Field(ge=60)] = 30 * 86400.0
    """A thread without a message for this long ends, and is archived; a reply starts it again."""
    thread_paused_max: Annotated[Seconds, Field(ge=60)] = 90 * 86400.0
    question_timeout: Annotated[Seconds, Field(ge=60)] = 14 * 86400.0
    pause_grace: Annotated[Seconds, Field(ge=0, le=600)] = 30.0
    host_lost_after: Annotated[Annotated[float, Field(ge=60)] | None, or_none("never", parse_duration)] = 900.0

    @property
    def silences(self) -> tuple[float, float]:
        """How long a thread may have no task that begins or ends, in seconds: idle, or paused over a question."""
        return self.thread_idle_max, self.thread_paused_max + self.question_timeout


class ArchiveSettings(Model):
    keep: Annotated[Seconds, Field(ge=86400)] = 180 * 86400.0
    """From a thread's end on; later, a reply to it begins afresh."""


class ImageSettings(Model):
    keep: Annotated[Seconds, Field(ge=3600)] = 7 * 86400.0
    """Since the last task that used it, of an image that no repository wants any more."""


class BlobSettings(Model):
    kind: Literal["local"] = "local"
    path: FolderPath | None = None
    """Where texts and files of messages lie; None is `blobs` below `state_dir`. Several hosts share one."""
    retention: Annotated[Seconds, Field(ge=86400)] = 180 * 86400.0
    """Since a blob was last written or read."""


class DiskSettings(Model):
    min_free: Annotated[Share, Field(ge=0, lt=1)] = 0.1
    """Below this share of the file system that holds `state_dir`, room is made; if that fails, new tasks wait."""


class ConsoleChannel(Model):
    """`airut send` on this machine. Whoever may run it may ask."""


class Channels(Model):
    email: EmailChannel | None = None
    console: ConsoleChannel | None = None

    @model_validator(mode="after")
    def _at_least_one(self) -> Self:
        if self.email is None and self.console is None:
            raise ValueError("a repository needs at least one channel: email or console")
        return self


class AgentAuth(Model):
    """One of the two: an API key, or a subscription's token."""

    api_key: Secret | None = None
    oauth_token: Secret | None = None
    on_limit: Literal["wait", "fail"] = "wait"
    """Whether a task waits for the end of a usage limit."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.api_key is None) == (self.oauth_token is None):
            raise ValueError("give either api_key or oauth_token")
        return self


class AgentConfig(Model):
    model: str | None = None
    effort: Effort | None = None
    version: str = "stable"
    binary: FolderPath | None = None
    auth: AgentAuth
    max_turns: Annotated[int, Field(ge=1)] = 200
    system_prompt: str | None = None
    plan_approval: bool = False
    """Whether leaving plan mode is a question to the thread."""


class ForgeAuth(Model):
    token: Secret | None = None


class PullRequestConfig(Model):
    draft: bool = True
    labels: tuple[str, ...] = ("airut",)
    reviewers: tuple[str, ...] = ()
    show_author: bool = False


class ForgeConfig(Model):
    kind: Literal["auto", "github", "none"] = "auto"
    base_url: str | None = None
    auth: ForgeAuth = ForgeAuth()
    slug: str | None = None
    """`owner/name`; None = the path of the repository's URL."""
    max_file: Bytes = 50 * 1024**2
    pull_request: PullRequestConfig = PullRequestConfig()


class RepoConfig(Model):
    url: str
    default_branch: str | None = None
    channels: Channels
    agent: AgentConfig
    env: dict[str, str] = {}
    credentials: dict[str, AnyCredential] = {}
    forge: ForgeConfig = ForgeConfig()
    budgets: BudgetSettings = BudgetSettings()
    timezone: ZoneName = "UTC"
    """In which days of budgets begin and schedules are read; never the machine's."""
    schedules: dict[Annotated[str, Field(pattern=SCHEDULE_NAME)], ScheduleSettings] = {}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        parts = urlsplit(self.url)
        if parts.username or parts.password:
            raise ValueError("url must not hold a user or password; put the token under forge.auth")
        swapped = [variable for name, found in self.credentials.items() for variable in variables(name, found)]
        for name in (*self.env, *swapped):
            if not _VARIABLE.fullmatch(name) or name in RESERVED or name.startswith("AIRUT_"):
                raise ValueError(f"{name!r} cannot be used as a variable in the sandbox")
        if both := sorted(set(self.env) & set(swapped)):
            raise ValueError(f"{both[0]} stands in env and in credentials; keep one")
        if twice := sorted({name for name in swapped if swapped.count(name) > 1}):
            raise ValueError(f"two credentials give {twice[0]}; name the variables of one with `names`")
        return self

    @model_validator(mode="after")
    def _schedules_deliver(self) -> Self:
        """Whoever gets a schedule's answer may reply to it, so it has to be somebody who may give tasks."""
        for name, schedule in self.schedules.items():
            if self.channels.email is None:
                raise ValueError(f"schedules.{name}.deliver.email needs channels.email, by which the answers go out")
            allowed = self.channels.email.auth.authorized_senders
            for address in schedule.deliver.email:
                if not is_authorized(address, allowed):
                    raise ValueError(
                        f"schedules.{name}.deliver.email: {address} may not give tasks here; add it to "
                        "channels.email.auth.authorized_senders, or deliver to somebody who stands there"
                    )
        return self

    @property
    def slug(self) -> str:
        """`owner/name` on the forge."""
        return self.forge.slug or urlsplit(self.url).path.strip("/").removesuffix(".git")


class Config(Model):
    """The whole file."""

    config_version: Literal[1]
    vars: dict[str, object] = {}
    temporal: TemporalSettings = TemporalSettings()
    state_dir: FolderPath = Path("~/.local/state/airut")
    security: SecuritySettings = SecuritySettings()
    network: NetworkSettings = NetworkSettings()
    sandbox: SandboxSettings = SandboxSettings()
    limits: LimitSettings = LimitSettings()
    execution: ExecutionSettings = ExecutionSettings()
    archive: ArchiveSettings = ArchiveSettings()
    images: ImageSettings = ImageSettings()
    blobs: BlobSettings = BlobSettings()
    disk: DiskSettings = DiskSettings()
    budgets: BudgetSettings = BudgetSettings()
    repos: Annotated[dict[Annotated[str, Field(pattern=_REPO_NAME)], RepoConfig], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        mailboxes: dict[tuple[str, str, str], str] = {}
        for name, repo in self.repos.items():
            if repo.channels.email is None:
                continue
            imap, account = repo.channels.email.imap, repo.channels.email.account
            mailbox = (imap.host, account.username, imap.folder)
            if other := mailboxes.setdefault(mailbox, name) if mailbox in mailboxes else None:
                raise ValueError(f"repos.{other} and repos.{name} share mailbox {account.username} on {imap.host}")
            mailboxes[mailbox] = name
        for name in self.repos:
            if fault := self.budgets_of(name).fault():
                raise ValueError(f"budgets of repos.{name}: {fault}")
        return self

    def budgets_of(self, repo: str) -> BudgetSettings:
        """The global budgets, with what the repository sets itself laid over."""
        own = self.repos[repo].budgets
        return self.budgets.model_copy(update={key: getattr(own, key) for key in own.model_fields_set})

    @property
    def state(self) -> Path:
        return self.state_dir.expanduser()

    @property
    def blob_folder(self) -> Path:
        return self.blobs.path or self.state / "blobs"

    @property
    def surrogate_key(self) -> Path:
        return self.security.surrogate_key or self.state / "surrogate.key"

    @property
    def payloads(self) -> Path:
        """Values too large for a history. Apart from `blobs`: they are needed as long as a history names them, whatever
        their age, so nothing may sweep them by age."""
        return self.blob_folder.with_name("payloads")  # whoever shares the blobs shares these

    @property
    def archives(self) -> Path:
        """Of ended threads; beside the blobs that they name, for every control worker."""
        return self.blob_folder.with_name("archive")
