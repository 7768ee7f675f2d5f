"""How a test in another namespace talks to the stand-in internet: one JSON line there, one back, over a Unix socket."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from airut.demo.git_server import RefUpdate
from airut.demo.records import Arrival, DnsQuery, Flow, HttpRecord, NameRecord
from airut.demo.script import Script
from airut.demo.scripted_model import ModelCall
from airut.models.base import Model


class RegisterScript(Model):
    op: Literal["register"] = "register"
    key: str = Field(repr=False)
    script: Script


class SetName(Model):
    op: Literal["set_name"] = "set_name"
    record: NameRecord


class InstalledApp(Model):
    """A GitHub App: the public half of its key in PEM, and its installations with their repositories."""

    id: int
    public_key: str
    installations: dict[int, tuple[str, ...]]
    lifetime: float = 3600.0
    """Of its tokens, in seconds."""


class ServeRepositories(Model):
    """Let github.com and api.github.com stand for the bare repositories below a folder. A token acts for a login."""

    op: Literal["serve_repositories"] = "serve_repositories"
    folder: Path
    tokens: dict[str, str] = Field(default={}, repr=False)
    anonymous_read: bool = True
    app: InstalledApp | None = None


class ServeFiles(Model):
    """Let every host that is a folder in here be served from it."""

    op: Literal["serve_files"] = "serve_files"
    folder: Path


class FailModel(Model):
    """The model's API dies: its connections are cut, and new ones too, for this many seconds."""

    op: Literal["fail_model"] = "fail_model"
    seconds: float = Field(ge=0, le=3600)


class GetReport(Model):
    """Everything seen since the last reset, or only what arrived from `since` (epoch seconds) on."""

    op: Literal["report"] = "report"
    since: float = 0
    bodies: bool = True
    """False leaves out the bodies of the model's calls, 50 kB each."""


class Reset(Model):
    """Forget scripts, added names and records."""

    op: Literal["reset"] = "reset"


Command = Annotated[
    RegisterScript | SetName | ServeRepositories | ServeFiles | FailModel | GetReport | Reset,
    Field(discriminator="op"),
]
COMMAND: TypeAdapter[Command] = TypeAdapter(Command)


class Report(Model):
    """What was seen, oldest first, and this machine's clocks."""

    at: float
    monotonic: float
    arrivals: tuple[Arrival, ...] = ()
    queries: tuple[DnsQuery, ...] = ()
    model_calls: tuple[ModelCall, ...] = ()
    requests: tuple[HttpRecord, ...] = ()
    sniffing: bool = False
    """Was every packet seen? False: `flows` proves nothing."""
    flows: tuple[Flow, ...] = ()
    pushes: tuple[RefUpdate, ...] = ()
    """To repositories that this internet serves."""
    kernel: dict[str, int] = {}
    """Counters of the network namespace (/proc/net/snmp), such as `Icmp.InEchos`, `Udp.NoPorts`, `Tcp.InSegs`: they
    see what no listener sees."""


class Answer(Model):
    """One of the two is set."""

    report: Report | None = None
    error: str = ""
