"""`airut-sandbox image`: making the images of a run before it, and keeping them between machines."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from airut.adapters.podman.base_image import SUITE, make_base_image
from airut.adapters.podman.image_files import ImageFiles
from airut.adapters.podman.settings import Enforce
from airut.adapters.podman.store import ImageStore
from airut.ci.image_archive import check_key
from airut.ci.image_cache import ImageCache
from airut.ci.image_keys import image_keys
from airut.ci.place import Place
from airut.ci.policy_files import policy_files
from airut.ci.reading import read_settings
from airut.ci.run import repository
from airut.ci.settings import FILE
from airut.errors import ConfigError, ImageBuildFailed
from airut.models.values.durations import parse_duration

KEY = "AIRUT_IMAGE_KEY"
"""The variable with the secret that archives are sealed with."""

app = typer.Typer(help="Make the images of a run, and keep them between machines.", no_args_is_help=True)

PolicyRef = Annotated[
    str | None, typer.Option("--policy-ref", metavar="REF", help="Read .airut/ from this commit; else as it lies here.")
]
MaxAge = Annotated[str | None, typer.Option("--max-age", help="168h: an older archive is not used, and made anew.")]
Limited = Annotated[
    Enforce,
    typer.Option("--enforce", envvar="AIRUT_SANDBOX_ENFORCE", help="On a host that cannot hold the limits of builds."),
]
Folder = Annotated[Path, typer.Argument(help="The folder that is kept.")]


@app.command(name="hash")
def hash_(policy_ref: PolicyRef = None) -> None:
    """Print what the names of the images follow from: the same for the same sources, on every machine."""

    async def work() -> str:
        async with _container(policy_ref) as container:
            return image_keys(container).lines()

    typer.echo(asyncio.run(work()), nl=False)


@app.command()
def base(
    suite: Annotated[str, typer.Option(help="Debian release.")] = SUITE,
    mirror: Annotated[str | None, typer.Option(help="Debian archive; default: this host's own.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Make it anew, with today's packages.")] = False,
) -> None:
    """Make the base image from Debian's packages, unless it is there: no registry is needed."""

    async def work() -> str:
        place = Place()
        try:
            return await make_base_image(place.engine, suite, mirror, again=again)
        finally:
            await place.close()

    _say(work())


@app.command()
def build(policy_ref: PolicyRef = None, enforce: Limited = Enforce.STRICT) -> None:
    """Make whatever images are missing."""
    _say(_with_cache(policy_ref, enforce, None, ImageCache.build))


@app.command()
def save(
    folder: Folder, policy_ref: PolicyRef = None, max_age: MaxAge = None, enforce: Limited = Enforce.STRICT
) -> None:
    """Make whatever images are missing, and keep all of them in a folder, unless they are there already."""
    _say(_with_cache(policy_ref, enforce, max_age, lambda cache: cache.save(folder.absolute())))


@app.command()
def load(folder: Folder, policy_ref: PolicyRef = None, max_age: MaxAge = None) -> None:
    """Take in what `save` has kept. Where it is missing or stale, that is said and nothing happens; what is not what
    it says it is, or not sealed with AIRUT_IMAGE_KEY where that is set, is refused."""
    _say(_with_cache(policy_ref, Enforce.STRICT, max_age, lambda cache: cache.load(folder.absolute())))


async def _with_cache(
    policy_ref: str | None, enforce: Enforce, max_age: str | None, work: Callable[[ImageCache], Awaitable[str]]
) -> str:
    seal, most = check_key(os.environ.get(KEY, "")), _seconds(max_age)
    async with _container(policy_ref) as container:
        place = Place(enforce, None)  # an image is made anew by its archive's age, and not while a job runs
        images = place.images()
        try:
            return await work(
                ImageCache(
                    store=ImageStore(place.engine),
                    files=ImageFiles(place.engine),
                    images=images,
                    proxy=place.proxy_image,
                    repo=repository(Path.cwd()),
                    container=container,
                    keys=image_keys(container),
                    seal=seal,
                    most=most,
                )
            )
        finally:
            await images.close()
            await place.close()


@asynccontextmanager
async def _container(policy_ref: str | None) -> AsyncIterator[Path | None]:
    """The folder that the repository's image is built from, where there is one."""
    with tempfile.TemporaryDirectory(prefix="airut-policy-") as scratch:
        files = policy_files(Path.cwd(), policy_ref, Path(scratch) / "policy")
        settings = read_settings(await files.text(FILE), f"{files.name}{FILE}")
        yield await files.folder(settings.container.path)


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return float(str(parse_duration(text)))
    except ValueError as error:
        raise ConfigError(f"--max-age: {error}") from error


def _say(work: Awaitable[str]) -> None:
    async def run() -> str:
        return await work

    try:
        typer.echo(f"airut-sandbox: {asyncio.run(run())}", err=True)
    except ImageBuildFailed as error:
        if error.log_tail:
            typer.echo(error.log_tail, err=True)
        raise
