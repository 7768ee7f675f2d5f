"""A repository's Dockerfile, as far as the fence of its build has to know it. Pure.

What is overlooked here fails later and less kindly: the engine that builds has no network and pulls nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from airut.adapters.podman.store import OF_THIS_HOST
from airut.errors import ImageBuildFailed

CONTINUED = re.compile(r"\\[ \t]*$")
ESCAPE = re.compile(r"#\s*escape\s*=\s*(\S)", re.IGNORECASE)
DIRECTIVE = re.compile(r"#\s*[A-Za-z]+\s*=")
HEREDOC = re.compile(r"""(?:^|\s)\d*<<-?\s*["']?[A-Za-z_]""")
REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://|git@|\S+\.git(?:#|$)", re.IGNORECASE)
VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})")
COPY_FLAGS = {"from", "chown", "chmod", "link", "parents", "exclude", "checksum"}
MOUNTS = {"cache", "tmpfs"}
MOUNT_KEYS = {"type", "target", "dst", "destination", "sharing", "mode", "uid", "gid", "size", "tmpfs-size", "rw", "ro"}
FETCH = "fetch it in a step that the build's allowlist decides on: RUN curl -fsSL -o FILE URL"


@dataclass(frozen=True)
class Instruction:
    """`line` is where it begins, `end` the number of its last line; both count from 1."""

    line: int
    end: int
    name: str
    flags: tuple[str, ...]
    rest: str


@dataclass(frozen=True)
class Dockerfile:
    """`images` are those that FROM and COPY --from name, in order, each once; `stages` the last lines of each FROM."""

    text: str
    images: tuple[str, ...]
    stages: tuple[int, ...]

    def with_arguments(self, arguments: Mapping[str, str]) -> str:
        """The same build, each stage of which begins with these: steps see them as variables, the image keeps none."""
        given = "ARG " + " ".join(f"{name}={value}" for name, value in arguments.items())
        lines: list[str] = []
        for number, line in enumerate(self.text.splitlines(), 1):
            lines.append(line)
            if number in self.stages:
                lines.append(given)
        return "\n".join(lines) + "\n"


def read(text: str, name: str = "Dockerfile") -> Dockerfile:
    """Raises: ImageBuildFailed: what cannot be built behind a fence, each with its line and a remedy."""
    lines = text.splitlines()
    problems = [*_directives(lines)]
    # Builders differ in whether an indented comment ends a continued line; what either of them sees is looked at.
    readings = [list(_instructions(lines, indented_comments=indented)) for indented in (True, False)]
    stages = [tuple(found.end for found in reading if found.name == "FROM") for reading in readings]
    if stages[0] != stages[1]:
        problems.append((1, "a comment within a continued line hides a FROM", "write comments between instructions"))
    images: list[str] = []
    for reading in readings:
        found, wrong = _look(reading)
        images += found
        problems += wrong
    if problems:
        told = dict.fromkeys(f"{name}:{line}: {wrong} ({remedy})" for line, wrong, remedy in sorted(problems))
        raise ImageBuildFailed("\n".join(told))
    return Dockerfile(text, tuple(dict.fromkeys(images)), stages[0])


def registry_of(image: str) -> str | None:
    """The registry that a reference names; None for a short name, which the host's configuration completes."""
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else None


def outside(images: Iterable[str], registries: Sequence[str]) -> list[str]:
    """The images that come from none of these registries. Those of this host are no registry's."""
    return (
        [image for image in images if not _local(image) and registry_of(image) not in registries] if registries else []
    )


def _local(image: str) -> bool:
    return image.startswith(OF_THIS_HOST)


type _Problem = tuple[int, str, str]
"""Line, what is wrong, remedy."""


def _directives(lines: Sequence[str]) -> Iterator[_Problem]:
    for number, line in enumerate(lines, 1):
        if not DIRECTIVE.match(line.strip()):
            return
        escape = ESCAPE.match(line.strip())
        if escape and escape[1] != "\\":
            yield number, "another escape character", "write \\ at the end of continued lines"


def _instructions(lines: Sequence[str], *, indented_comments: bool) -> Iterator[Instruction]:
    numbered = iter(enumerate(lines, 1))
    for number, line in numbered:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        text, end = line.lstrip(), number
        while CONTINUED.search(text):
            text = CONTINUED.sub("", text)
            following = next(numbered, None)
            if following is None:
                break
            end, more = following
            comment = more.lstrip() if indented_comments else more
            text += "\\" if not more.strip() or comment.startswith("#") else more
        yield _split(number, end, text)


def _split(line: int, end: int, text: str) -> Instruction:
    name, _, rest = text.replace("\t", " ").partition(" ")
    words, flags = rest.split(), []
    while words and words[0].startswith("--"):
        flags.append(words.pop(0))
    return Instruction(line, end, name.upper(), tuple(flags), " ".join(words))


def _look(instructions: Iterable[Instruction]) -> tuple[list[str], list[_Problem]]:
    """The images that are named, and what is wrong."""
    images: list[str] = []
    problems: list[_Problem] = []
    arguments: dict[str, str] = {}
    stages: set[str] = set()
    begun = False
    for one in instructions:
        wrong = [*_wrong(one)]
        problems += [(one.line, *what) for what in wrong]
        if one.name == "ARG" and not begun:
            key, _, value = one.rest.partition("=")
            arguments[key.strip()] = value.strip().strip("\"'")
        elif one.name == "FROM":
            begun = True
            image, *rest = _expanded(one.rest, arguments).split() or [""]
            if "$" in image:
                problems.append((one.line, f"FROM {one.rest}: its variable has no value", "give ARG a default"))
            elif image and image != "scratch" and image.lower() not in stages:
                images.append(image)
            if len(rest) == 2 and rest[0].upper() == "AS":
                stages.add(rest[1].lower())
        elif one.name in ("COPY", "ADD"):
            named = [flag.removeprefix("--from=") for flag in one.flags if flag.startswith("--from=")]
            images += [image for image in named if image.lower() not in stages and not image.isdigit()]
    return images, problems


def _wrong(one: Instruction) -> Iterator[tuple[str, str]]:
    flags = {flag[2:].partition("=")[0] for flag in one.flags}
    match one.name:
        case "FROM" if flags:
            yield f"FROM --{min(flags)}", "leave it out: images are built for this host"
        case "ONBUILD":
            yield "ONBUILD", "write the instruction in the Dockerfile that it is meant for"
        case "RUN":
            for flag in one.flags:
                if not _harmless_mount(flag):
                    yield f"RUN {flag}", "RUN may have --mount=type=cache,target=… or type=tmpfs; COPY what it reads"
        case "COPY" | "ADD" if flags - COPY_FLAGS:
            yield f"{one.name} --{min(flags - COPY_FLAGS)}", "leave it out"
        case "ADD":
            remote = [source for source in _sources(one.rest) if REMOTE.match(source)]
            if remote:
                yield f"ADD {remote[0]}: the engine would fetch it, past the fence", FETCH
    if one.name in ("RUN", "COPY", "ADD") and HEREDOC.search(one.rest):
        yield f"{one.name} with a here-document", "join the lines with && and \\, or COPY a script"


def _harmless_mount(flag: str) -> bool:
    """A cache of this build alone, or a tmpfs. A bind or a named cache can be led elsewhere, a secret there is none."""
    kind, _, options = flag.partition("=")
    given = {option.partition("=")[0]: option.partition("=")[2] for option in options.split(",")}
    return kind == "--mount" and given.get("type") in MOUNTS and given.keys() <= MOUNT_KEYS


def _sources(rest: str) -> list[str]:
    """All words but the last; of the JSON form, its strings."""
    return re.findall(r'"((?:[^"\\]|\\.)*)"', rest)[:-1] if rest.startswith("[") else rest.split()[:-1]


def _expanded(text: str, arguments: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name, operator, word = found[1] or found[2], found[3], found[4]
        known = arguments.get(name)
        if operator == "+":
            return word if known else ""
        if known:
            return known
        return word if operator == "-" else found[0]

    return VARIABLE.sub(value, text)
