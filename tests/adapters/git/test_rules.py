import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.adapters.git.rules import (
    check_branch,
    check_submodules,
    flagged,
    holds_secret,
    needles,
    submodule_urls,
)
from airut.errors import BundleRefused

REMOTE = "https://github.com/acme/web.git"
SECRET = b"ghp_0123456789abcdefghij"


def test_flagged() -> None:
    changed = [
        ".airut/network-allowlist.yaml",
        ".AIRUT/x",
        ".github/workflows/ci.yml",
        ".gitlab-ci.yml",
        ".forgejo/workflows/a.yml",
        ".gitea/workflows/a.yml",
        "Jenkinsfile",
        "docs/CODEOWNERS",
        "src/app.py",
        "docs/.github/x",
        "airut/x",
        ".gitlab-ci.yml.md",
    ]
    assert flagged(changed, ".airut/container") == tuple(changed[:8])
    own = ["Tools/Image/Dockerfile", "tools/image", "tools/images/x", "tools/x", ".airut/x"]
    assert flagged(own, "tools/Image") == (*own[:2], own[4])


@pytest.mark.parametrize("branch", ["airut/fix-3jkllsxy", "airut/x-2", "fix_1.2+3"])
def test_branches(branch: str) -> None:
    check_branch(branch, "main")


@pytest.mark.parametrize(
    "branch",
    [
        *("", "main", "HEAD", "refs/heads/x", "a/../b", "../evil", "a..b", "-x", "a/-b", "a//b", "/a", "a/", "a.lock"),
        *("a/.b", "a.", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "a@{1}", "a\nb", "ä", "x" * 201),
    ],
)
def test_bad_branches(branch: str) -> None:
    with pytest.raises(BundleRefused):
        check_branch(branch, "main")


@pytest.mark.parametrize(
    "url", ["../other.git", "./x", "https://github.com/o/r", "git@GitHub.com:o/r", "ssh://git@github.com/o/r"]
)
def test_submodules_on_the_same_host(url: str) -> None:
    check_submodules([url], REMOTE)


@pytest.mark.parametrize(
    "url",
    [
        *("https://evil.example/x", "git@evil.example:x", "/etc", "file:///etc", "ext::sh -c id", "", "https://[bad"),
        *("https://github.com@evil.example/x", "ext::x https://github.com/o/r"),
    ],
)
def test_submodules_elsewhere(url: str) -> None:
    with pytest.raises(BundleRefused, match="another host"):
        check_submodules(["../ok", url], REMOTE)


def test_submodule_urls() -> None:
    listing = (
        b"submodule.a.path\nlib\0submodule.a.url\n../a\0SUBMODULE.b\nc.URL\n../no\0submodule.x.y.url\nhttps://h/\0"
    )
    assert submodule_urls(listing) == ("../a", "https://h/")


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_secrets_are_found_raw_and_in_base64_wherever_they_stand(before: bytes, after: bytes) -> None:
    values = needles([SECRET])
    assert holds_secret(before + SECRET + after, values)
    assert holds_secret(base64.b64encode(before + SECRET + after), values)


def test_short_values_are_no_secrets() -> None:
    assert needles([b"", b"x", b"1234567"]) == ()
    assert not holds_secret(b"ghp_0123456789abcdefghi!", needles([SECRET]))
