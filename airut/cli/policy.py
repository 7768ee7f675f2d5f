"""`airut policy check|explain|presets`: what an allowlist says, without a sandbox. Exit codes: `check` 0 valid, 1 not,
2 usage; `explain` 0 allowed, 3 blocked, 1 the file is not valid."""

import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from airut.cli import policy_texts
from airut.cli.context import EXIT_USAGE, Settings
from airut.cli.policy_scope import UNKNOWN, Scope, find_allowlist, rule_set_of, rules_of, scope_of
from airut.cli.terminal import clean
from airut.errors import ConfigError
from airut.models.policy import presets as known_presets
from airut.models.policy.agent_files import FOLDER as AGENT_FOLDER
from airut.models.policy.agent_files import read_agent_files
from airut.models.policy.allowlist import Allowlist, parse_allowlist
from airut.models.policy.policy import check_addresses
from airut.models.policy.presets import Access, Preset
from airut.models.policy.warnings import unreached_scopes, warnings
from airut.models.values.located import PolicyErrors, Problem

EXIT_INVALID = 1
EXIT_BLOCKED = 3
UNCHECKED = "without --repo, `addresses` and the hosts of credentials are not looked at"
OPEN = "network.enabled is false for this repository: its sandboxes have no fence, and none of this holds there"
NO_FILE = "no .airut/network-allowlist.yaml here: allowed is only what the server grants"

app = typer.Typer(no_args_is_help=True, help="The network allowlist of a repository.")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
Repo = Annotated[str | None, typer.Option(help="The repository of airut.yaml whose grants and credentials count.")]


@app.command()
def check(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="The file; else this checkout's.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings are errors.")] = False,
    repo: Repo = None,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with a file, or with this checkout's `.airut/`, each with its line and what to do."""
    found = file or find_allowlist()
    if found is None:
        _usage("no .airut/network-allowlist.yaml in this checkout; name a file")
    scope = _scope(context.obj, repo)
    errors, warned, allowlist = _checked(_text(found), str(found), scope)
    errors = (*errors, *(() if file else _of_agent(found.parent)))
    valid = not errors and not (strict and warned)
    if as_json:
        document = {
            "version": 1,
            "file": str(found),
            "valid": valid,
            "errors": [problem.model_dump() for problem in errors],
            "warnings": [problem.model_dump() for problem in warned],
            "notes": [problem.model_dump() for problem in (allowlist.notes if allowlist else ())],
        }
        typer.echo(json.dumps(document, indent=2))
    else:
        for problem in errors:
            typer.echo(clean(str(problem)))
        for problem in warned:
            typer.echo(clean(f"{problem} [warning]"))
        for problem in allowlist.notes if allowlist else ():
            typer.echo(clean(f"{problem} [note]"))
        if allowlist is not None and valid:
            typer.echo(f"{found}: valid (entries: {len(allowlist.entries)}, presets: {len(allowlist.presets)})")
        if scope.private_ranges is None:
            typer.echo(UNCHECKED, err=True)
    raise typer.Exit(0 if valid else EXIT_INVALID)


@app.command()
def explain(
    context: typer.Context,
    method: Annotated[str, typer.Argument(help="As the client sends it: GET, POST…")],
    url: Annotated[str, typer.Argument(help="As the client sends it, with https:// or http://.")],
    file: Annotated[Path | None, typer.Option(help="The allowlist; else this checkout's.")] = None,
    repo: Repo = None,
    body: Annotated[Path | None, typer.Option(help="A file with the body, where it decides too.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a request would be allowed, by which entry, or what it lacks. Nothing is sent."""
    from proxy import explanation  # not at the top: it takes a tenth of a second, and other commands have no use for it

    found = file or find_allowlist()
    scope = _scope(context.obj, repo)
    if not scope.fenced:
        typer.echo(OPEN, err=True)
    try:
        rules = rules_of(parse_allowlist(_text(found), str(found)) if found else None, scope)
    except PolicyErrors as error:
        typer.echo(clean(str(error)), err=True)
        raise typer.Exit(EXIT_INVALID) from None
    try:
        explained = explanation.explain(rules, method, url, _bytes(body) if body else None)
    except ValueError as error:
        _usage(f"{url}: {error}")
    if as_json:
        typer.echo(json.dumps(policy_texts.as_document(explained, method, url), indent=2))
    else:
        if found is None:
            typer.echo(NO_FILE, err=True)
        for line in policy_texts.as_lines(explained):
            typer.echo(clean(line))
    raise typer.Exit(EXIT_BLOCKED if explained.refused else 0)


@app.command()
def presets(
    name: Annotated[str | None, typer.Argument(help="One of them; else all.")] = None,
    repository: Annotated[str, typer.Option(help="owner/name, for which `github` is shown.")] = UNKNOWN.repository,
    access: Annotated[Access, typer.Option(help="With which `github` is shown.")] = "read",
) -> None:
    """Print what a preset stands for, as entries of its own."""
    if name is not None and name not in known_presets.NAMES:
        _usage(f"unknown preset {name}; there are {', '.join(known_presets.NAMES)}")
    if not known_presets.REPOSITORY.match(repository):
        _usage("--repository must be owner/name")
    for shown in known_presets.NAMES if name is None else (name,):
        repositories, given = ((repository,), access) if shown == "github" else ((), "read")
        preset = Preset(name=shown, repositories=repositories, access=given)
        typer.echo(f"# {shown}\n{policy_texts.as_yaml(known_presets.expand(preset))}")


def _checked(text: str, name: str, scope: Scope) -> tuple[tuple[Problem, ...], tuple[Problem, ...], Allowlist | None]:
    """Errors, warnings, and what was read where there are none of the first kind."""
    try:
        allowlist = parse_allowlist(text, name)
        if scope.private_ranges is not None:
            check_addresses(allowlist, scope.private_ranges)
    except PolicyErrors as error:
        return error.problems, (), None
    entries = rule_set_of(allowlist, scope).entries
    unreached = unreached_scopes(name, entries, scope.credentials)
    return (), (*warnings(allowlist, scope.credentials), *unreached), allowlist


def _of_agent(folder: Path) -> tuple[Problem, ...]:
    """What is wrong with the files of the agent beside the allowlist."""
    files = (folder / AGENT_FOLDER.rpartition("/")[2]).glob("*")
    try:
        read_agent_files({file.name: file.read_bytes() for file in files if file.is_file()})
    except PolicyErrors as error:
        return error.problems
    return ()


def _scope(settings: Settings, repo: str | None) -> Scope:
    if repo is None:
        return UNKNOWN
    try:
        return scope_of(settings.config, repo)
    except ConfigError as error:  # not 3, which is "blocked" here
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_USAGE) from error


def _text(file: Path) -> str:
    return _bytes(file).decode(errors="replace")  # as the server reads it


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        _usage(f"{file}: {error.strerror}")


def _usage(text: str) -> NoReturn:
    typer.echo(f"airut policy: {text}", err=True)
    raise typer.Exit(EXIT_USAGE)
