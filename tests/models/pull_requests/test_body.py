import subprocess
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.models.blob import BlobRef, Text
from airut.models.hosts.workspace import Push
from airut.models.pull_requests.body import (
    BEGIN,
    END,
    branch_name,
    compose_body,
    compose_title,
    conflict_note,
    next_branch,
    replace_our_part,
    whole_body,
)
from airut.models.tasks.task import TaskInput
from airut.models.threads.message import ChannelKind, ConsoleRoute, InboundMessage

THREAD = "demo/mail/abcdefghij234567"
PUSH = Push(branch="airut/x", commit="0" * 40, commits=1, subject="Mend the parser", diffstat=" a.py | 2 +-\n")


def task(*texts: Text, subject: str = "Re: Mend the parser") -> TaskInput:
    now = datetime(2025, 1, 1, tzinfo=UTC)
    messages = tuple(
        InboundMessage(
            key=str(number),
            thread=THREAD,
            repo="demo",
            channel=ChannelKind.EMAIL,
            author="ann@example.org",
            sent_at=now,
            received_at=now,
            subject=subject,
            text=text,
            route=ConsoleRoute(),
        )
        for number, text in enumerate(texts)
    )
    return TaskInput(thread=THREAD, repo="demo", channel=ChannelKind.EMAIL, number=1, messages=messages, session_id="s")


@pytest.mark.parametrize(
    ("subject", "branch"),
    [
        ("Fix the tests", "airut/fix-the-tests-3jkllsxy"),
        ("Re: AW: Fix the tests", "airut/fix-the-tests-3jkllsxy"),
        ("Fix [airut abcdefghij234567]", "airut/fix-3jkllsxy"),
        ("Grüße, «Übung»!", "airut/grue-ubung-3jkllsxy"),
        ("日本語", "airut/3jkllsxy"),
        ("", "airut/3jkllsxy"),
        ("../../etc/passwd.lock", "airut/etc-passwd-lock-3jkllsxy"),
        ("--upload-pack=x @{u} ~^:?*[\\", "airut/upload-pack-x-u-3jkllsxy"),
        ("a\r\nb\x00c", "airut/a-b-c-3jkllsxy"),
        ("word " * 40, "airut/word-word-word-word-word-word-word-word-word-3jkllsxy"),
        ("x" * 200, f"airut/{'x' * 45}-3jkllsxy"),
    ],
)
def test_branch_name(subject: str, branch: str) -> None:
    assert branch_name(subject, THREAD) == branch


def test_threads_of_one_subject_have_different_branches() -> None:
    assert branch_name("Fix", "demo/mail/a") != branch_name("Fix", "demo/mail/b")


@given(st.text(max_size=120), st.text(max_size=40))
def test_branch_names_are_short_and_plain(subject: str, thread: str) -> None:
    branch = branch_name(subject, thread.encode("utf-8", "replace").decode())
    assert len(branch) <= 60
    assert all(c in "abcdefghijklmnopqrstuvwxyz0123456789-/" for c in branch)
    assert "--" not in branch


def test_git_accepts_the_names() -> None:
    for subject in ("", "Fix", "a..b", "x.lock", "-", "@", "word " * 40):
        subprocess.run(["git", "check-ref-format", "--branch", branch_name(subject, THREAD)], check=True)


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("Re: Fix   the\ntests", "Fix the tests"),
        ("", "Mend the parser"),
        ("Re: ", "Mend the parser"),
        ("x" * 300, "x" * 119 + "…"),
    ],
)
def test_title(subject: str, title: str) -> None:
    assert compose_title(subject, PUSH) == title


def test_body() -> None:
    push = PUSH.model_copy(update={"commits": 2, "flagged": (".airut/a.yaml", ".github/workflows/`x`.yml")})
    body = compose_body(task(Text(inline="Please mend it.\n\nThanks")), "Mended, **with** tests.\n", push, None)
    assert body == (
        f"{BEGIN}\n"
        "### Request\n\n> Mend the parser\n>\n> Please mend it.\n>\n> Thanks\n\n"
        "### What was done\n\nMended, **with** tests.\n\n"
        "**Changes the sandbox's policy or CI; look at these files with care:**\n\n"
        "- `.airut/a.yaml`\n- `.github/workflows/'x'.yml`\n\n"
        "```text\n a.py | 2 +-\n```\n\n"
        "Thread `demo/mail/abcdefghij234567` · 2 commits\n"
        f"{END}"
    )
    assert "ann@example.org" not in body


def test_author_is_shown_only_when_given() -> None:
    body = compose_body(task(Text(inline="x")), "y", PUSH, "ann@example.org")
    assert body.endswith("1 commit · asked by `ann@example.org`\n\nCo-authored-by: ann <ann@example.org>\n" + END)
    assert "Co-authored-by" not in compose_body(task(Text(inline="x")), "y", PUSH, "U024BE7LH")


def test_long_texts_are_cut_and_blobs_named() -> None:
    long = Text(blob=BlobRef(sha256="0" * 64, size=10**6))
    body = compose_body(task(Text(inline="x" * 50_000), long), "y" * 50_000, PUSH, None)
    assert len(body) < 65_536
    assert "> (a long message, kept with the thread)" in body


def test_nobody_can_write_our_markers() -> None:
    body = compose_body(task(Text(inline=f"a {END} b")), f"c {END} {BEGIN} <!-- d", PUSH, None)
    assert (body.count(BEGIN), body.count(END), body.count("<!--")) == (1, 1, 2)


@pytest.mark.parametrize(
    ("pattern", "subject", "branch"),
    [
        ("bots/{short}/{slug}", "Fix the tests", "bots/3jkllsxy/fix-the-tests"),
        ("bots/{slug}/{short}", "", "bots/3jkllsxy"),
        ("{slug}_{short}", "", "3jkllsxy"),
        (
            "an-organisation/with-rules/for/{slug}-{short}",
            "Fix the tests",
            "an-organisation/with-rules/for/fix-the-tests-3jkllsxy",
        ),
    ],
)
def test_branch_names_by_a_pattern(pattern: str, subject: str, branch: str) -> None:
    assert branch_name(subject, THREAD, pattern) == branch


@pytest.mark.parametrize(
    ("branch", "following"), [("airut/x", "airut/x-2"), ("airut/x-2", "airut/x-3"), ("a-2026", "a-2026-2")]
)
def test_the_branch_after_one_that_is_used_up(branch: str, following: str) -> None:
    assert next_branch(branch) == following


OURS = f"{BEGIN}\nours\n{END}"


@pytest.mark.parametrize(
    ("template", "body"),
    [
        (None, OURS),
        (" \n", OURS),
        ("## Why\r\n\r\n- [ ] tested\r\n", f"## Why\n\n- [ ] tested\n\n{OURS}"),
        (f"## Why\n{BEGIN}{END}\n## Risk", f"## Why\n{OURS}\n## Risk"),
        ("x" * 10_001, OURS),
    ],
)
def test_a_template_with_our_part(template: str | None, body: str) -> None:
    assert whole_body(template, OURS) == body


def test_conflicts_are_told() -> None:
    assert conflict_note("main", ["a`b.txt"]) == (
        "The branch conflicts with `main` in `a'b.txt`. Reply with *rebase onto main* to have that resolved."
    )
    assert "in `0`, `1`, `2`, `3`, `4`, 2 more." in conflict_note("main", [str(number) for number in range(7)])


@pytest.mark.parametrize(
    ("body", "updated"),
    [
        (f"{BEGIN}\nold\n{END}", f"{BEGIN}\nnew\n{END}"),
        (f"above\n{BEGIN}\nold\n{END}\nbelow", f"above\n{BEGIN}\nnew\n{END}\nbelow"),
        ("written by a person", None),
        ("", None),
        (f"{END}{BEGIN}", None),
        (f"{BEGIN} only", None),
    ],
)
def test_replace_our_part(body: str, updated: str | None) -> None:
    assert replace_our_part(body, f"{BEGIN}\nnew\n{END}") == updated
