"""What a Dockerfile says to the fence of its build."""

import pytest

from airut.adapters.podman.dockerfile import Dockerfile, outside, read, registry_of
from airut.adapters.podman.fenced_build import TRUST
from airut.adapters.podman.sources import sources
from airut.errors import ImageBuildFailed

COMMON = r"""# escape=\
# A usual one.
ARG TAG=12
FROM docker.io/library/debian:${TAG} AS tools

RUN apt-get update && \
    # what is needed
    apt-get install -y \

      build-essential
FROM tools
COPY --from=tools --chown=1000:1000 /usr/bin/make /usr/bin/make
COPY --from=0 /usr/bin/make /usr/bin/make
COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /usr/bin/uv
ADD [ "local.tar", "/opt/my tools/" ]
RUN --mount=type=cache,target=/root/.cache --mount=type=tmpfs,target=/x pip install x
run ["sh", "-c", "echo $((1<<2)) && cat <<< x"]
"""


def test_a_usual_one() -> None:
    assert read(COMMON) == Dockerfile(COMMON, ("docker.io/library/debian:12", "ghcr.io/astral-sh/uv:0.9"), (4, 11))


@pytest.mark.parametrize(
    ("text", "images"),
    [
        ("FROM scratch\nCOPY x /\n", ()),
        ("from a\nFrom b AS B\nFROM b\n", ("a", "b")),
        ("ARG A=x/y\nFROM $A\n", ("x/y",)),
        ("ARG A='x/y'\nFROM ${A}:1\nFROM ${A:-z}\nFROM ${N:-z}\nFROM z${N:+n}${A:+a}\n", ("x/y:1", "x/y", "z", "za")),
        ("FROM \\\n# why\n  x\n", ("x",)),
        ("FROM x@sha256:0123\n", ("x@sha256:0123",)),
        ("FROM a\nARG A=c\nFROM a AS ${A}\n", ("a",)),
    ],
)
def test_images(text: str, images: tuple[str, ...]) -> None:
    assert read(text).images == images


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("FROM a\nADD https://x.example/y /y\n", "2: ADD https://x.example/y: the engine would fetch it, past the fence"),
        ("FROM a\nADD --chown=1 a git@x.example:y/z.git /y\n", "2: ADD git@x.example:y/z.git: the engine would"),
        ("FROM a\nADD x.example/y.git#main /y\n", "2: ADD x.example/y.git#main: the engine would"),
        ('FROM a\nADD ["HTTP://x.example/y", "/y"]\n', "2: ADD HTTP://x.example/y: the engine would"),
        ("FROM a\nadd \\\n# c\n\\\n  ftp://x/y /y\n", "2: ADD ftp://x/y: the engine would"),
        ("FROM a\nRUN true \\\n  # seen by some\nADD http://x/y /y\n", "4: ADD http://x/y: the engine would"),
        ("FROM a\nRUN true \\\n  # seen by some\nFROM b\n", "1: a comment within a continued line hides a FROM"),
        ("FROM a\nRUN --network=host true\n", "2: RUN --network=host (RUN may have"),
        ("FROM a\nRUN \\\n --security=insecure true\n", "2: RUN --security=insecure"),
        ("FROM a\nRUN --mount=type=bind,from=b,target=/m true\n", "2: RUN --mount=type=bind,from=b,target=/m"),
        ("FROM a\nRUN --mount=type=cache,id=../x,target=/m true\n", "2: RUN --mount=type=cache,id=../x,target=/m"),
        ("FROM a\nRUN --mount=type=cache,from=b,target=/m true\n", "2: RUN --mount=type=cache,from=b"),
        ("FROM a\nRUN --mount=target=/m true\n", "2: RUN --mount=target=/m"),
        ("FROM a\nRUN --mount=type=secret,id=x true\n", "2: RUN --mount=type=secret,id=x"),
        ("FROM a\nONBUILD RUN true\n", "2: ONBUILD"),
        ("FROM --platform=linux/s390x a\n", "1: FROM --platform"),
        ("FROM $A\n", "1: FROM $A: its variable has no value (give ARG a default)"),
        ("FROM a\nCOPY <<EOF /x\nADD https://x/ /\nEOF\n", "2: COPY with a here-document"),
        ("FROM a\nRUN <<-'X'\ntrue\nX\n", "2: RUN with a here-document"),
        ("FROM a\nCOPY --keep-git-dir=true x /x\n", "2: COPY --keep-git-dir (leave it out)"),
        ("# escape=`\nFROM a\n", "1: another escape character"),
        ("# syntax=x\n#escape = |\nFROM a\n", "2: another escape character"),
    ],
)  # fmt: skip
def test_refused(text: str, told: str) -> None:
    with pytest.raises(ImageBuildFailed) as caught:
        read(text)
    assert f"Dockerfile:{told}" in str(caught.value)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ImageBuildFailed) as caught:
        read("FROM a\nADD http://x/ /\nONBUILD RUN true\n", "Containerfile")
    assert str(caught.value) == (
        "Containerfile:2: ADD http://x/: the engine would fetch it, past the fence (fetch it in a step that the build's"
        " allowlist decides on: RUN curl -fsSL -o FILE URL)\n"
        "Containerfile:3: ONBUILD (write the instruction in the Dockerfile that it is meant for)"
    )


def test_each_stage_begins_with_the_variables() -> None:
    text = "ARG X=1\nFROM a \\\n  AS b\nRUN true\nFROM c\n"
    assert read(text).with_arguments({"A": "1", "B": "2"}) == (
        "ARG X=1\nFROM a \\\n  AS b\nARG A=1 B=2\nRUN true\nFROM c\nARG A=1 B=2\n"
    )


def test_steps_trust_what_the_agent_will_trust() -> None:
    layer = next(file.data.decode() for file in sources("layer") if file.path == "Containerfile")
    assert {name for name, value in TRUST.items() if f"{name}={value}" in layer} == TRUST.keys() - {"APT_CONFIG"}


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("debian:12", None),
        ("acme/web", None),
        ("docker.io/library/debian", "docker.io"),
        ("localhost/airut/base", "localhost"),
        ("127.0.0.1:5000/x", "127.0.0.1:5000"),
    ],
)
def test_registries(image: str, registry: str | None) -> None:
    assert registry_of(image) == registry


def test_only_named_registries_where_some_are_named() -> None:
    images = ("debian", "ghcr.io/a/b", "quay.io/a/b", "airut/base", "localhost/mine")
    assert outside(images, ()) == []
    assert outside(images, ("ghcr.io",)) == ["debian", "quay.io/a/b"]
