"""`airut-sandbox run -- COMMAND`."""

import asyncio
import base64
import os
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from airut.adapters.podman.settings import Enforce
from airut.ci import options as written
from airut.ci.documents import Documents
from airut.ci.mounts import parsed
from airut.ci.network_log import save
from airut.ci.options import Options
from airut.ci.place import MAX_AGE, Place
from airut.ci.report import report
from airut.ci.result import RunResult
from airut.ci.running import Run
from airut.ci.settings import RunLimits
from airut.ci.signals import Stopped
from airut.errors import ConfigError
from airut.models.values.durations import parse_duration

INPUTS, COMMAND, LIMITS, IMAGE, OUTPUT = "What counts", "The command", "Limits", "The image", "Output"
_NAME: TypeAdapter[str] = TypeAdapter(written.Name)


def _file(help_: str, panel: str, *names: str, metavar: str = "F") -> Any:
    return typer.Option(*names, metavar=metavar, help=help_, rich_help_panel=panel)


def run(
    command: Annotated[list[str], typer.Argument(help="What to run, and its arguments; after --.")],
    config: Annotated[Path | None, _file("In place of .airut/sandbox.yaml.", INPUTS)] = None,
    policy_ref: Annotated[
        str | None, _file("Read all of .airut/ from this commit, not from the working tree.", INPUTS, metavar="REF")
    ] = None,
    head: Annotated[
        str | None,
        _file("The commit whose changes of .airut/ are told; else the working tree's.", INPUTS, metavar="REF"),
    ] = None,
    allowlist: Annotated[Path | None, _file("In place of .airut/network-allowlist.yaml.", INPUTS)] = None,
    allow_open_network: Annotated[
        bool, typer.Option("--allow-open-network", help="Let network.enabled: false count.", rich_help_panel=INPUTS)
    ] = False,
    extra_ca: Annotated[list[Path], _file("An authority that the fence trusts besides the public ones.", INPUTS)] = [],  # noqa: B006
    no_credentials: Annotated[
        bool, typer.Option("--no-credentials", help="As if the settings had none.", rich_help_panel=INPUTS)
    ] = False,
    env: Annotated[list[str], _file("A variable of the command.", COMMAND, metavar="K=V")] = [],  # noqa: B006
    pass_env: Annotated[list[str], _file("One that it gets from here.", COMMAND, metavar="K")] = [],  # noqa: B006
    allow_plain_secret: Annotated[
        bool,
        typer.Option("--allow-plain-secret", help="Also one that looks like a credential.", rich_help_panel=COMMAND),
    ] = False,
    mount: Annotated[list[str], _file("A folder or file of this host.", COMMAND, metavar="SRC:DST[:ro]")] = [],  # noqa: B006
    workdir: Annotated[str, _file("Where it begins, below /workspace.", COMMAND, metavar="D")] = ".",
    read_only: Annotated[
        bool,
        typer.Option("--read-only-workspace", help="It cannot write to the workspace.", rich_help_panel=COMMAND),
    ] = False,
    stdin: Annotated[bool, typer.Option("-i", help="Attach standard input.", rich_help_panel=COMMAND)] = False,
    terminal: Annotated[bool, typer.Option("-t", help="Give it a terminal.", rich_help_panel=COMMAND)] = False,
    timeout: Annotated[str | None, _file("For the command: 30m.", LIMITS, metavar="TIME")] = None,
    memory: Annotated[str | None, _file("4g, or unlimited.", LIMITS, metavar="SIZE")] = None,
    cpus: Annotated[str | None, _file("2, 0.5, or unlimited.", LIMITS, metavar="N")] = None,
    pids: Annotated[str | None, _file("Processes and threads.", LIMITS, metavar="N")] = None,
    enforce: Annotated[
        Enforce,
        typer.Option(
            envvar="AIRUT_SANDBOX_ENFORCE", help="On a host that cannot hold the limits.", rich_help_panel=LIMITS
        ),
    ] = Enforce.STRICT,
    container: Annotated[Path | None, _file("In place of .airut/container.", IMAGE, metavar="DIR")] = None,
    dockerfile: Annotated[Path | None, _file("In place of the one in there.", IMAGE)] = None,
    max_image_age: Annotated[
        str, _file("Build an older one anew; 0 is always.", IMAGE, metavar="TIME")
    ] = f"{MAX_AGE / 3600:.0f}h",
    no_build: Annotated[
        bool, typer.Option("--no-build", help="Fail where the image is not there.", rich_help_panel=IMAGE)
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no registry, and let builds fetch nothing.", rich_help_panel=IMAGE)
    ] = False,
    network_log: Annotated[str | None, _file("The fence's log; - is standard output.", OUTPUT)] = None,
    network_log_live: Annotated[
        bool,
        typer.Option("--network-log-live", help="Requests as they come, on standard error.", rich_help_panel=OUTPUT),
    ] = False,
    log: Annotated[str | None, _file("What the command says, as well.", OUTPUT)] = None,
    summary: Annotated[str | None, _file("The run as Markdown, for a CI's page.", OUTPUT)] = None,
    junit: Annotated[str | None, _file("The run as a JUnit report.", OUTPUT)] = None,
    annotations: Annotated[str | None, _file("Its notes as GitHub's workflow commands.", OUTPUT)] = None,
    artifact: Annotated[list[str], _file("Copied out of the workspace afterwards.", OUTPUT, metavar="SRC:DST")] = [],  # noqa: B006
    keep: Annotated[bool, typer.Option("--keep", help="Leave the sandbox there.", rich_help_panel=OUTPUT)] = False,
    name: Annotated[str | None, _file("Of the sandbox.", OUTPUT, metavar="ID")] = None,
    verbose: Annotated[
        bool, typer.Option("-v", help="Say how long the parts of the start took.", rich_help_panel=OUTPUT)
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on standard error.", rich_help_panel=OUTPUT)
    ] = False,
) -> None:
    """Run a command in the current folder, in a sandbox. The exit code is the command's."""
    begun, workspace = time.monotonic(), Path.cwd()
    documents = Documents(summary=summary, junit=junit, annotations=annotations)
    said = {"time": timeout, "memory": memory, "cpus": cpus, "pids": pids}
    options = Options(
        command=tuple(command),
        workspace=workspace,
        config=config,
        policy_ref=policy_ref,
        head=head,
        allowlist=allowlist,
        allow_open_network=allow_open_network,
        extra_ca=tuple(extra_ca),
        no_credentials=no_credentials,
        env=dict(_each("--env", env, written.assignment)),
        pass_env=tuple(pass_env),
        allow_plain_secret=allow_plain_secret,
        mounts=tuple(_each("--mount", mount, parsed)),
        workdir=_one("--workdir", workdir, written.workdir),
        read_only=read_only,
        stdin=stdin,
        terminal=terminal,
        limits=_limits(said),
        container=container,
        dockerfile=dockerfile,
        no_build=no_build,
        offline=offline,
        artifacts=tuple(_each("--artifact", artifact, lambda text: written.artifact(text, workspace, workspace))),
        keep=keep,
        enforce=enforce,
        max_image_age=_one("--max-image-age", max_image_age, _age),
    )
    sandbox_id = new_id() if name is None else _one("--name", name, _NAME.validate_python)
    after = After(documents, network_log=network_log, live=network_log_live, log=log, verbose=verbose, as_json=as_json)
    try:
        code = asyncio.run(after.run(options, sandbox_id, repository(workspace), begun))
    except Stopped as stopped:
        raise typer.Exit(128 + stopped.number) from None
    raise typer.Exit(code)


class After:
    """What is made of a run beside its exit code."""

    def __init__(
        self,
        documents: Documents,
        *,
        network_log: str | None,
        live: bool,
        log: str | None,
        verbose: bool,
        as_json: bool,
    ) -> None:
        self._documents = documents
        self._network_log = network_log
        self._live = live
        self._log = log
        self._verbose = verbose
        self._as_json = as_json

    async def run(self, options: Options, sandbox_id: str, repo: str, begun: float) -> int:
        """The exit code. Raises: Stopped, AirutError"""
        place = Place(
            options.enforce,
            options.max_image_age,
            build=not options.no_build,
            offline=options.offline,
            kept=options.keep,
        )
        log = self._opened_log()
        try:
            run = Run(place, options, sandbox_id, repo)
            async with run.result(begun, log, live=self._live) as result:
                self._write(run, result, options)
                return result.exit_code
        finally:
            if log is not None:
                os.close(log)
            await place.close()

    def _write(self, run: Run, result: RunResult, options: Options) -> None:
        if self._network_log is not None:
            save(run.log_folder, self._network_log)
        for line in run.skipped:
            print(f"airut-sandbox: not copied: {line}", file=sys.stderr)
        if options.keep:
            print(f"airut-sandbox: kept: container airut-{result.sandbox_id}, {run.folder}", file=sys.stderr)
        self._documents.write(result)
        report(result, verbose=self._verbose, as_json=self._as_json)

    def _opened_log(self) -> int | None:
        if self._log in (None, "-"):  # what the command says is on standard output already
            return None
        try:
            return os.open(str(self._log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ConfigError(f"--log: {self._log}: {error.strerror}") from error


def new_id() -> str:
    """12 base32 characters, as every sandbox has."""
    return base64.b32encode(secrets.token_bytes(8)).decode().lower()[:12]


def repository(workspace: Path) -> str:
    """`owner/name`, as the CI system has it; else as good as the folder tells."""
    for variable in ("GITHUB_REPOSITORY", "CI_PROJECT_PATH"):
        if (name := os.environ.get(variable, "")).count("/") == 1:
            return name
    return f"local/{workspace.name or 'workspace'}"


def _one[T](option: str, text: str, read: Callable[[str], T]) -> T:
    try:
        return read(text)
    except ValidationError as error:
        said = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{option}: {text}: {said}") from None
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from None


def _each[T](option: str, texts: list[str], read: Callable[[str], T]) -> list[T]:
    return [_one(option, text, read) for text in texts]


def _limits(said: dict[str, str | None]) -> dict[str, object]:
    """Those that were given, each looked at by itself, so that what is wrong with one is told by its option."""
    given: dict[str, object] = {}
    for name, text in said.items():
        if text is not None:
            option = f"--{'timeout' if name == 'time' else name}"
            given |= _one(option, text, lambda text, name=name: _limit(name, text))  # type: ignore[misc]
    return given


def _limit(name: str, text: str) -> dict[str, object]:
    RunLimits.model_validate({name: text})
    return {name: text}


def _age(text: str) -> float:
    seconds = 0.0 if text == "0" else parse_duration(text)
    return float(seconds) if isinstance(seconds, int | float) else 0.0
