"""Our one exception tree. Expected failure is a value (`TaskOutcome`); these are infrastructure and bad input.

AirutError
├── ConfigError            the operator's file is wrong: names file, line, field and remedy
│   └── RepositoryGone     a conversation's repository was taken out of it
├── AlreadyRunning         another `airut up` has this state folder: names its process
├── ServiceUnavailable     systemd's manager of this user refuses, or is not there: carries what it said
├── UpdateFailed           another version could not be installed: carries what the installer said
├── BackupUnreadable       a backup is damaged, or its passphrase another one: says which part
├── PolicyInvalid          the repository's `.airut/` is wrong: names file, line and remedy
├── SandboxError
│   ├── EngineUnavailable  nothing listens on Podman's socket
│   ├── ImageMissing       the image was removed under us
│   ├── ImageBuildFailed   a Dockerfile step failed: carries the last lines of its log
│   ├── RegistryUnavailable  a base image could not be pulled for now: worth a retry
│   ├── NameTaken          another sandbox has this id with another spec
│   ├── NetworkLost        proxy or network went away
│   ├── CutOff             the agent was ended from outside: its host restarted, or its PID 1 was killed
│   ├── NoSpace            disk full
│   ├── NoAddresses        the address pool is exhausted
│   └── EngineError        anything else that the engine says
├── BinaryUnavailable      Claude Code cannot be had: no registry, no such version, not what the registry says
├── GitError
│   ├── RemoteUnavailable  network, 5xx, timeout: worth a retry
│   ├── RemoteRefused      authentication or not found: an operator has to act
│   ├── BundleRefused      what left the sandbox fails a check: says which
│   └── PushRejected       the remote refused the branch
├── ForgeError
│   ├── ForgeUnavailable   5xx, rate limit (`retry_after` in seconds): worth a retry
│   └── ForgeRefused       401, 403, 404, 422: says what to do
├── ChannelError
│   ├── DeliveryDeferred   try again later (4xx, connection)
│   ├── DeliveryRefused    never will be accepted
│   ├── FileDeferred       a file of a message cannot be had now (`retry_after` in seconds)
│   ├── FileRefused        it never will be: says why
│   ├── HistoryUnavailable  what was written earlier cannot be read now (`retry_after` in seconds)
│   └── HistoryRefused     it never will be: says why
├── LedgerUnavailable      the count of a repository's spending does not answer: worth a retry
├── BlobError
│   ├── BlobMissing        no blob of that digest
│   └── BlobCorrupt        the bytes no longer match their digest
├── BlobsUnavailable       the bucket of blobs does not answer, or refuses: says what to do; worth a retry
├── PayloadError           what Temporal recorded cannot be read: names key or blob, and the remedy
├── ArchiveUnavailable     where ended threads are kept cannot be reached: worth a retry
├── ArchiveUnreadable      an ended thread's archive is damaged: names the file and the remedy
├── AuditUnavailable       the audit log cannot be written: new tasks are refused; says why, and the remedy
├── CensusUnavailable      nobody can say which threads and tasks there are: nothing is removed
├── TreeError
│   ├── TreeUnreadable     a thread's folder could not be measured
│   │   └── TreeTooLarge   it took too long: too many files
│   └── TreeNotRemoved     something of a thread's folder is still there: worth a retry
└── SecretError            a secret source cannot be read: names field and source, never the value
"""


class AirutError(Exception):
    """Root of the tree. Messages are for people and hold no secret."""


class ConfigError(AirutError):
    pass


class RepositoryGone(ConfigError):
    """It was taken out of the configuration, which names it no longer."""


class AlreadyRunning(AirutError):
    pass


class ServiceUnavailable(AirutError):
    pass


class UpdateFailed(AirutError):
    pass


class BackupUnreadable(AirutError):
    pass


class PolicyInvalid(AirutError):
    pass


class SandboxError(AirutError):
    pass


class EngineUnavailable(SandboxError):
    pass


class ImageMissing(SandboxError):
    pass


class ImageBuildFailed(SandboxError):
    """`log_tail` holds the last 40 lines of the build."""

    def __init__(self, message: str, log_tail: str = "") -> None:
        super().__init__(message)
        self.log_tail = log_tail


class RegistryUnavailable(SandboxError):
    pass


class NameTaken(SandboxError):
    pass


class NetworkLost(SandboxError):
    pass


class CutOff(SandboxError):
    pass


class NoSpace(SandboxError):
    pass


class NoAddresses(SandboxError):
    pass


class EngineError(SandboxError):
    pass


class BinaryUnavailable(AirutError):
    pass


class GitError(AirutError):
    pass


class RemoteUnavailable(GitError):
    pass


class RemoteRefused(GitError):
    pass


class BundleRefused(GitError):
    pass


class PushRejected(GitError):
    pass


class ForgeError(AirutError):
    pass


class ForgeUnavailable(ForgeError):
    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ForgeRefused(ForgeError):
    pass


class ChannelError(AirutError):
    pass


class DeliveryDeferred(ChannelError):
    """`retry_after` in seconds, where the service says when to come again."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DeliveryRefused(ChannelError):
    pass


class FileDeferred(ChannelError):
    """`retry_after` in seconds, where the service says when to come again."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class FileRefused(ChannelError):
    """Its text completes *the file x was left out: …*."""


class HistoryUnavailable(ChannelError):
    """`retry_after` in seconds, where the service says when to come again."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class HistoryRefused(ChannelError):
    pass


class LedgerUnavailable(AirutError):
    pass


class BlobError(AirutError):
    pass


class BlobMissing(BlobError):
    pass


class BlobCorrupt(BlobError):
    pass


class BlobsUnavailable(AirutError, OSError):
    """What a disk that fails is to a local store."""


class PayloadError(AirutError):
    pass


class ArchiveUnavailable(AirutError):
    pass


class ArchiveUnreadable(AirutError):
    pass


class AuditUnavailable(AirutError):
    pass


class CensusUnavailable(AirutError):
    pass


class TreeError(AirutError):
    pass


class TreeUnreadable(TreeError):
    pass


class TreeTooLarge(TreeUnreadable):
    pass


class TreeNotRemoved(TreeError):
    pass


class SecretError(AirutError):
    pass
