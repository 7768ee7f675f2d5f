"""How each source of secrets is read. Every error says which source, and nothing of what it holds."""

import contextlib
import os
import signal
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from airut.config.dotenv import dotenv_files, read_dotenv
from airut.models.credentials.source import CommandSource, EnvironmentSource, FileSource, Source, SystemdSource

LARGEST = 1024**2
"""Bytes. Keys and tokens take some thousand; more is the wrong file."""

Mark = tuple[int, ...] | None
"""What changes when a file does: written in place, or another one renamed over it."""


class Unset(ValueError):
    """The source has no value; other errors are faults of a source that is there."""


class Reader(Protocol):
    """One source."""

    @property
    def ttl(self) -> float | None:
        """Seconds that a value is good for; None for what shows by its mark when it has changed."""
        ...

    def mark(self) -> Mark:
        """Cheap to look at."""
        ...

    def read(self) -> str:
        """The present value, one newline at its end removed.

        Raises:
            Unset, ValueError
        """
        ...


class Places:
    """What sources are relative to: the folder of `airut.yaml`, and the process's environment and working directory."""

    def __init__(self, folder: Path, environment: Mapping[str, str], working: Path | None = None) -> None:
        """Without `working` there is no `.env` but the one in `folder`."""
        self.folder = folder
        self.working = working
        self.environment = environment
        self.files: dict[Path, Mark] = {}
        """Every file that was asked for, as it was then: whoever watches for changes looks at these."""

    @property
    def dotenv(self) -> tuple[Path, ...]:
        """The files called so; the first that gives a variable wins."""
        return dotenv_files(self.folder, self.working)

    def noted(self, path: Path) -> Path:
        """The same, which is going to be read."""
        self.files.setdefault(path, mark_of(path))
        return path

    def path(self, source: FileSource) -> Path:
        """Of a `!file`."""
        return self.noted(self.folder / Path(source.path).expanduser())

    def reader(self, source: Source) -> Reader:
        match source:
            case EnvironmentSource():
                for file in self.dotenv:
                    self.noted(file)
                return _Variable(source.environment, self)
            case FileSource():
                return _File(self.path(source), source.path, allow_group=source.allow_group)
            case SystemdSource():
                return _systemd(source.systemd, self)
            case CommandSource():
                return _Command(source, self.folder)


class _Variable:
    ttl = None

    def __init__(self, name: str, places: Places) -> None:
        self._name = name
        self._places = places

    def mark(self) -> Mark:
        if self._places.environment.get(self._name):
            return None
        return tuple(number for file in self._places.dotenv for number in mark_of(file) or (-1,))

    def read(self) -> str:
        if value := self._places.environment.get(self._name):
            return value
        for file in self._places.dotenv:
            try:
                value = read_dotenv(file).get(self._name)
            except OSError as error:
                raise ValueError(f"{file}: {error.strerror}") from None
            except UnicodeDecodeError:
                raise ValueError(f"{file} is not UTF-8") from None
            if value:
                return value
        raise Unset(f"environment variable {self._name} is not set")


class _File:
    ttl = None

    def __init__(self, path: Path, named: str, *, allow_group: bool = False, private: bool = True) -> None:
        self._path = path
        self._named = named
        self._forbidden = (stat.S_IROTH | stat.S_IWOTH | (0 if allow_group else stat.S_IRGRP)) if private else 0

    def mark(self) -> Mark:
        return mark_of(self._path)

    def read(self) -> str:
        data = read_limited(self._path, self._named, self._forbidden)
        return _text(data, self._named)


def _systemd(name: str, places: Places) -> Reader:
    """Commands outside the service read the file that its unit loads the credential from."""
    folder = places.environment.get("CREDENTIALS_DIRECTORY")
    if folder:
        # systemd itself sees to who may read what lies there, on some systems by an access list that shows as a group.
        return _File(Path(folder) / name, f"systemd credential {name}", private=False)
    if (own := places.folder / "credentials" / name).exists():
        return _File(own, str(own))
    return _Nothing(
        f"there is no systemd credential {name}, since CREDENTIALS_DIRECTORY is not set; put its value into {own}, "
        f"or give the unit LoadCredential={name}:… or LoadCredentialEncrypted={name}:…"
    )


class _Nothing:
    ttl = None

    def __init__(self, problem: str) -> None:
        self._problem = problem

    def mark(self) -> Mark:
        return None

    def read(self) -> str:
        raise Unset(self._problem)


class _Command:
    def __init__(self, source: CommandSource, folder: Path) -> None:
        self.ttl = source.ttl
        self._source = source
        self._folder = folder

    def mark(self) -> Mark:
        return None

    def read(self) -> str:
        named = f"command {self._source.command[0]}"
        try:
            process = subprocess.Popen(
                self._source.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # may well hold the value
                cwd=self._folder,
                start_new_session=True,
            )
        except OSError as error:
            raise ValueError(f"{named} cannot be run: {error.strerror}") from None
        try:
            printed, _ = process.communicate(timeout=self._source.timeout)
        except subprocess.TimeoutExpired:
            raise ValueError(f"{named} did not end within {self._source.timeout:g} s") from None
        finally:
            with contextlib.suppress(ProcessLookupError):  # with all that it started
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        if process.returncode:
            raise ValueError(f"{named} ended with {process.returncode}; run it by hand to see why")
        if len(printed) > LARGEST:
            raise ValueError(f"{named} printed more than 1 MiB")
        return _text(printed, named)


def read_limited(path: Path, named: str, forbidden: int = 0) -> bytes:
    """A file's content. `forbidden` are the bits of its mode that must not be set.

    Raises:
        Unset: there is no such file.
        ValueError: it cannot be read, is larger than 1 MiB, or others could read or replace it.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise ValueError(f"{named} is no regular file")
            if mode & forbidden:
                raise ValueError(_too_open(named, mode))
            data = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise Unset(f"{named}: {error.strerror}") from None
    except OSError as error:
        raise ValueError(f"{named}: {error.strerror}") from None
    if len(data) > LARGEST:
        raise ValueError(f"{named} is larger than 1 MiB")
    return data


def _too_open(named: str, mode: int) -> str:
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        return f"{named} can be read or written by every user of this machine; run `chmod 600` on it"
    return (
        f"{named} can be read by its group; run `chmod 600` on it, or write !file {{path: {named}, allow_group: true}}"
    )


def decoded(data: bytes, named: str) -> str:
    """As text, one newline at its end removed. Raises: ValueError"""
    try:
        return data.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ValueError(f"{named} is not UTF-8") from None


def _text(data: bytes, named: str) -> str:
    text = decoded(data, named)
    if not text:
        raise Unset(f"{named} is empty")
    return text


def mark_of(path: Path) -> Mark:
    """None where there is no such file, or it cannot be looked at."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
