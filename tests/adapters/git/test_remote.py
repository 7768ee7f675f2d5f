import pytest

from airut.adapters.git.remote import (
    RepoRemote,
    host_of,
    login_settings,
    protocol,
    public_url,
    remote_failure,
    scrub,
)
from airut.errors import ConfigError, NoSpace, PushRejected, RemoteRefused, RemoteUnavailable
from airut.models.credentials.secret import Secret

REMOTE = RepoRemote("web", "https://github.com/acme/web.git", Secret("s3cret-token"))


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://github.com/acme/web.git", "https"),
        ("http://127.0.0.1:8080/acme/web.git", "http"),
        ("http://[::1]:8080/acme/web.git", "http"),
        ("http://localhost/acme/web.git", "http"),
        ("ssh://git@github.com/acme/web.git", "ssh"),
        ("git@github.com:acme/web.git", "ssh"),
    ],
)
def test_protocols(url: str, allowed: str) -> None:
    assert protocol(url) == allowed


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/acme/web.git",
        "file:///srv/web.git",
        "/srv/web.git",
        "../web.git",
        "ext::sh -c id",
        "git://github.com/acme/web.git",
        "--upload-pack=id",
        "ssh://-oProxyCommand=id/x",
        "https://",
        "",
    ],
)
def test_other_protocols_are_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="a git URL is"):
        RepoRemote("web", url)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".git", "-x", "a b"])
def test_names_are_one_folder(name: str) -> None:
    with pytest.raises(ConfigError, match="repository name"):
        RepoRemote(name, REMOTE.url)


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://user:pw@github.com/a/b", "https://github.com/a/b"),
        ("https://token@github.com:8443/a/b", "https://github.com:8443/a/b"),
        ("https://github.com/a@b", "https://github.com/a@b"),
        ("ssh://git:pw@github.com/a/b", "ssh://git@github.com/a/b"),
        ("git@github.com:a/b", "git@github.com:a/b"),
    ],
)
def test_public_url(url: str, public: str) -> None:
    assert public_url(url) == public


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://user@GitHub.com:443/a", "github.com"),
        ("git@github.com:a/b", "github.com"),
        ("../other", ""),
        ("https://[bad", ""),
        ("file:///etc", ""),
    ],
)
def test_host(url: str, host: str) -> None:
    assert host_of(url) == host


def test_login_is_for_one_origin() -> None:
    assert login_settings(REMOTE) == (
        ("http.https://github.com/.extraHeader", "Authorization: Basic eC1hY2Nlc3MtdG9rZW46czNjcmV0LXRva2Vu"),
    )
    assert login_settings(RepoRemote("web", "git@github.com:a/b", Secret("x"))) == ()
    assert login_settings(RepoRemote("web", REMOTE.url)) == ()


@pytest.mark.parametrize(
    ("stderr", "kind"),
    [
        ("fatal: unable to access 'https://x/': Could not resolve host: x", RemoteUnavailable),
        ("fatal: unable to access 'https://x/': Failed to connect to x port 443", RemoteUnavailable),
        ("error: RPC failed; HTTP 502\nfatal: the remote end hung up unexpectedly", RemoteUnavailable),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 503", RemoteUnavailable),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 429", RemoteUnavailable),
        ("fatal: early EOF", RemoteUnavailable),
        ("something new", RemoteUnavailable),
        ("fatal: Authentication failed for 'https://x/'", RemoteRefused),
        ("fatal: could not read Username for 'https://x': terminal prompts disabled", RemoteRefused),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 403", RemoteRefused),
        ("remote: Repository not found.\nfatal: repository 'https://x/' not found", RemoteRefused),
        ("git@github.com: Permission denied (publickey).", RemoteRefused),
        ("Host key verification failed.", RemoteRefused),
        ("fatal: unable to access 'https://x/': server certificate verification failed", RemoteRefused),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 301", RemoteRefused),
        (" ! [remote rejected] x -> x (pre-receive hook declined)", PushRejected),
        ("remote: error: GH006: Protected branch update failed for refs/heads/x.", PushRejected),
        (" ! [rejected] x -> x (stale info)", RemoteUnavailable),
        (" ! [remote rejected] x -> x (failed to update ref)", RemoteUnavailable),
        (" ! [remote rejected] x -> x (deny updating a hidden ref)", PushRejected),
        ("fatal: write error: No space left on device", NoSpace),
    ],
)
def test_failures(stderr: str, kind: type[Exception]) -> None:
    error = remote_failure("fetching", stderr, REMOTE)
    assert type(error) is kind
    assert "https://github.com/acme/web.git" in str(error)


def test_no_credential_in_messages() -> None:
    text = "x https://user:pw@h/ s3cret-token eC1hY2Nlc3MtdG9rZW46czNjcmV0LXRva2Vu\n\x1b[31mremote: y"
    assert scrub(text, REMOTE) == "x https://h/ *** ***; [31mremote: y"
    assert "s3cret" not in repr(REMOTE)
