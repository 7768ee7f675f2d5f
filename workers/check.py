"""`airut check`: whether this machine and this configuration will work. Exit code 1 where something will not."""

import argparse
import asyncio
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from airut.config.load import load_config
from airut.config.places import find_config
from airut.config.schema import Config
from airut.errors import ConfigError
from airut.models.credentials.redaction import Redactor
from airut.operations.check.finding import Finding, State, fail
from airut.operations.check.report import as_json, as_lines, worst
from airut.operations.check.running import run
from workers.check_wiring import checks

FIX_LIMIT = 600.0
"""Seconds for one remedy: fetching Claude Code over a slow line takes minutes."""


def look(named: Path | None) -> tuple[Finding, ...]:
    """Everything that can be looked at; a configuration that is missing or wrong is a finding like others."""
    wrong, config, folder = configuration(named)
    redactor = Redactor() if config is None else config.redactor
    return (*wrong, *asyncio.run(run(tuple(checks(config, folder)), redactor)))


def configuration(named: Path | None) -> tuple[tuple[Finding, ...], Config | None, Path]:
    """What is wrong with it, itself if nothing is, and its folder."""
    try:
        path = find_config(named).resolve()
    except ConfigError as error:
        return (fail("configuration", str(error), "write one: docs/commands.md"),), None, Path("/nonexistent")
    try:
        return (), load_config(path), path.parent
    except ConfigError as error:
        remedy = "correct the line; nothing that needs the configuration was looked at"
        return tuple(fail("configuration", line, remedy) for line in str(error).splitlines()), None, path.parent


def mend(findings: Sequence[Finding]) -> int:
    """Run the remedies that need no root, each once, and say how each ended; returns how many were run."""
    commands = dict.fromkeys(finding.fix for finding in findings if finding.fix and finding.state is not State.OK)
    for command in commands:
        print(f"fix   {' '.join(command)}", file=sys.stderr, flush=True)
        program = shutil.which(command[0], path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
        if program is None:
            print(f"      {command[0]} is not installed", file=sys.stderr)
            continue
        try:
            done = subprocess.run([program, *command[1:]], stdout=2, timeout=FIX_LIMIT, check=False)
        except subprocess.TimeoutExpired:
            print(f"      did not end within {FIX_LIMIT:.0f} s", file=sys.stderr)
            continue
        if done.returncode:
            print(f"      failed with exit code {done.returncode}", file=sys.stderr)
    return len(commands)


def main(given: Sequence[str] | None = None) -> int:
    """Check as these arguments say, the process's own by default; returns the exit code."""
    parser = argparse.ArgumentParser(prog="airut check")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--fix", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(given)
    findings = look(arguments.config)
    if arguments.fix and mend(findings):
        findings = look(arguments.config)
    print(as_json(findings) if arguments.json else "\n".join(as_lines(findings)))
    return 1 if worst(findings) is State.FAIL else 0


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)  # what libraries complain of is in the findings, in our words
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # The SDK can crash while the interpreter is torn down, and exit codes would lie (temporalio/sdk-python#300).
    os._exit(code)
