"""From the command line, the settings file and the policy's files to one order."""

import asyncio
import os
import shutil
from pathlib import Path

from airut.adapters.keys import load_or_create_key
from airut.ci import credentials, mounts
from airut.ci.options import Options, variables
from airut.ci.order import Order
from airut.ci.policy_files import Commit, PolicyFiles, changed, policy_files, read_text
from airut.ci.reading import read_settings
from airut.ci.settings import FILE, RunLimits, SandboxFile
from airut.config.limit_settings import SandboxLimitSettings
from airut.config.limits import HostSize, limits_on
from airut.config.variables import check_variables
from airut.errors import ConfigError
from airut.models.base import Model
from airut.models.hosts.sandbox import ALLOWLIST_FILE, Limits, NetworkSpec
from airut.ports.tokens import AppTokens


class Ordered(Model):
    order: Order
    policy_changes: tuple[str, ...] = ()


async def ordered(
    options: Options, sandbox_id: str, repo: str, scratch: Path, key: Path
) -> tuple[Ordered, AppTokens | None]:
    """`scratch` is a folder of the run's own; `key` the file of the key that stand-ins are made with.

    Raises:
        ConfigError: something that was said is wrong, or cannot be had.
        SecretError: a credential's source cannot be read.
    """
    files = policy_files(options.workspace, options.policy_ref, scratch / "policy")
    settings = await _settings(options, files)
    env = variables(options, settings.env, settings.pass_env, os.environ)
    configured = {} if options.no_credentials else settings.credentials
    try:
        check_variables(env, configured)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    tokens = credentials.app_tokens(configured)
    given = await asyncio.to_thread(
        credentials.given, configured, tokens, key=load_or_create_key(key), sandbox_id=sandbox_id, slug=repo
    )
    if not settings.network.enabled and not options.allow_open_network:
        raise ConfigError(f"{FILE}: network.enabled is false, which counts only with --allow-open-network besides")
    order = Order(
        sandbox_id=sandbox_id,
        repo=repo,
        command=options.command,
        workspace=options.workspace,
        container=await _container(options, settings, files, scratch),
        environment={**given.environment, **env},
        files=given.files,
        network=await _network(options, settings, files, repo, given),
        limits=limits(settings.limits, options.limits),
        mounts=(
            *(mounts.in_repository(mount, options.workspace) for mount in settings.mounts),
            *(mounts.of_host(mount) for mount in options.mounts),
        ),
        workdir=options.workdir,
        writable=not options.read_only,
        stdin=options.stdin,
        terminal=options.terminal,
        keep=options.keep,
    )
    return Ordered(order=order, policy_changes=await _changes(options, files, scratch)), tokens


def limits(file: RunLimits, said: dict[str, object]) -> Limits:
    """The command line's over the file's, over what the host has."""
    own = RunLimits.model_validate({**file.model_dump(exclude_unset=True), **said})
    wanted = {name: getattr(own, name) for name in ("memory", "cpus", "pids") if name in own.model_fields_set}
    spelled = {name: "unlimited" if value is None else value for name, value in wanted.items()}
    found = limits_on(HostSize.here(), SandboxLimitSettings.model_validate(spelled))
    return found.model_copy(update={"time": own.time, "idle": own.idle})


async def _settings(options: Options, files: PolicyFiles) -> SandboxFile:
    if options.config is None:
        return read_settings(await files.text(FILE), f"{files.name}{FILE}")
    text = read_text(options.config, str(options.config))
    if text is None:
        raise ConfigError(f"--config: there is no {options.config}")
    return read_settings(text, str(options.config))


async def _network(
    options: Options, settings: SandboxFile, files: PolicyFiles, repo: str, given: credentials.Given
) -> NetworkSpec:
    for file in options.extra_ca:
        if not file.is_file():
            raise ConfigError(f"--extra-ca: there is no {file}")
    return NetworkSpec(
        enabled=settings.network.enabled,
        allowlist=await _allowlist(options, files),
        allowlist_file=str(options.allowlist or f"{files.name}{ALLOWLIST_FILE}"),
        repository=repo,
        granted_presets=(),
        credentials=given.credentials,
        extra_ca_files=options.extra_ca,
    )


async def _allowlist(options: Options, files: PolicyFiles) -> str | None:
    if options.allowlist is None:
        return await files.text(ALLOWLIST_FILE)
    text = read_text(options.allowlist, str(options.allowlist))
    if text is None:
        raise ConfigError(f"--allowlist: there is no {options.allowlist}")
    return text


async def _container(options: Options, settings: SandboxFile, files: PolicyFiles, scratch: Path) -> Path | None:
    if options.container is not None and not options.container.is_dir():
        raise ConfigError(f"--container: there is no folder {options.container}")
    folder = options.container or await files.folder(settings.container.path)
    if options.dockerfile is None:
        return folder
    text = read_text(options.dockerfile, str(options.dockerfile))
    if text is None:
        raise ConfigError(f"--dockerfile: there is no {options.dockerfile}")
    context = scratch / "context"
    if folder is None:
        context.mkdir(mode=0o700, parents=True)
    else:
        shutil.copytree(folder, context, symlinks=True)
    (context / "Containerfile").unlink(missing_ok=True)
    (context / "Dockerfile").unlink(missing_ok=True)
    (context / "Dockerfile").write_text(text)
    return context


async def _changes(options: Options, files: PolicyFiles, scratch: Path) -> tuple[str, ...]:
    """What the run's own checkout would have changed about its policy, and has not."""
    if not isinstance(files, Commit):
        return ()
    if options.head is None:
        return await files.differing()
    head = Commit(options.workspace, options.head, scratch / "head")
    return changed(await files.files(), await head.files())
