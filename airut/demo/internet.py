"""The stand-in internet: `python -m airut.demo.internet` runs it, `Internet` talks to it.

Inside the lab's `internet` namespace the environment says which address plays what (AIRUT_LAB_MODEL, _ECHO, _FORGE,
_METADATA…) and where the test CA goes (AIRUT_LAB_CA_DIR). Without them it listens on loopback.
"""

import argparse
import asyncio
import json
import os
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from airut.demo.control import (
    Answer,
    Command,
    FailModel,
    GetReport,
    InstalledApp,
    RegisterScript,
    Report,
    Reset,
    ServeFiles,
    ServeRepositories,
    SetName,
)
from airut.demo.internet_server import FORGE_NAMES, MODEL_NAME, InternetServer, Plan
from airut.demo.records import Arrival, DnsQuery, HttpRecord, NameRecord
from airut.demo.script import Script
from airut.demo.scripted_model import ModelCall, fingerprint
from airut.demo.tcp import BUFFER
from airut.demo.tls import Authority

REGISTRY_NAMES = ("pypi.org", "files.pythonhosted.org", "registry.npmjs.org")
ECHO_NAMES = ("example.com", "*.example.com", "example.org", "*.example.org")
CANARIES = ("METADATA", "PRIVATE", "PRIVATE6", "DOCUMENTATION")


class Internet:
    """A client of the control socket. Every method asks once; there is no connection to keep.

    Raises (all methods):
        OSError: nothing listens on the socket.
        ValueError: the command was refused.
    """

    def __init__(self, control: Path) -> None:
        self._control = control

    @classmethod
    def from_environment(cls) -> Self:
        """The lab's, as AIRUT_LAB_CONTROL says."""
        return cls(Path(os.environ["AIRUT_LAB_CONTROL"]))

    async def register(self, key: str, script: Script) -> None:
        """Play `script` for requests that carry the real `key`; other keys get 401."""
        await self._ask(RegisterScript(key=key, script=script))

    async def set_name(self, name: str, *addresses: str, then: tuple[str, ...] | None = None) -> None:
        """Let `name` (`*.example.net` too) resolve to these addresses, to others from the second answer on."""
        await self.set_record(NameRecord(name=name, addresses=addresses, then=then))

    async def set_record(self, record: NameRecord) -> None:
        await self._ask(SetName(record=record))

    async def serve_repositories(
        self,
        folder: Path,
        tokens: Mapping[str, str] | None = None,
        *,
        anonymous_read: bool = True,
        app: InstalledApp | None = None,
    ) -> None:
        """Let github.com and api.github.com serve `folder/OWNER/NAME.git`; `tokens` maps a token to its login, `app` is
        installed there.
        The folder must be one that the internet's process may read and write."""
        await self._ask(
            ServeRepositories(folder=folder, tokens=dict(tokens or {}), anonymous_read=anonymous_read, app=app)
        )

    async def serve_files(self, folder: Path) -> None:
        """Let each host that is a folder in `folder` be made of the files in it; its name is set by `set_name`."""
        await self._ask(ServeFiles(folder=folder))

    async def fail_model(self, seconds: float) -> None:
        """Cut every connection with the model's API, and each new one for so long."""
        await self._ask(FailModel(seconds=seconds))

    async def reset(self) -> None:
        await self._ask(Reset())

    async def report(self, since: float = 0, *, bodies: bool = True) -> Report:
        """Everything seen (from the epoch second `since` on), with clocks and the kernel's counters."""
        answer = await self._ask(GetReport(since=since, bodies=bodies))
        assert answer.report, "a report was asked for"
        return answer.report

    async def model_calls(
        self, key: str | None = None, *, since: float = 0, bodies: bool = True
    ) -> tuple[ModelCall, ...]:
        """The model's calls: all from the epoch second `since` on, or those that carried this key."""
        calls = (await self.report(since, bodies=bodies)).model_calls
        return calls if key is None else tuple(call for call in calls if call.key == fingerprint(key))

    async def queries(self, name: str = "") -> tuple[DnsQuery, ...]:
        """The questions whose name contains `name`, whatever its case."""
        queries = (await self.report(bodies=False)).queries
        return tuple(query for query in queries if name.lower() in query.name.lower())

    async def arrivals(self, address: str | None = None, port: int | None = None) -> tuple[Arrival, ...]:
        """The connections and datagrams that came in: all, or those for one address or port."""
        arrivals = (await self.report(bodies=False)).arrivals
        return tuple(
            arrival
            for arrival in arrivals
            if (address is None or arrival.address == address) and (port is None or arrival.port == port)
        )

    async def requests(self, host: str | None = None) -> tuple[HttpRecord, ...]:
        """The requests that reached the echo server: all, or those with this Host."""
        requests = (await self.report(bodies=False)).requests
        return tuple(request for request in requests if host is None or request.headers.get("host") == host)

    async def _ask(self, command: Command) -> Answer:
        reader, writer = await asyncio.open_unix_connection(self._control, limit=256 * BUFFER)
        try:
            writer.write(command.model_dump_json().encode() + b"\n")
            await writer.drain()
            answer = Answer.model_validate_json(await reader.readline())
        finally:
            writer.close()
            await writer.wait_closed()
        if answer.error:
            raise ValueError(answer.error)
        return answer


def plan(environment: Mapping[str, str]) -> Plan:
    """The lab's plan from its variables; without them one port of each kind on loopback, any free one."""
    lab = {
        name.removeprefix("AIRUT_LAB_"): value for name, value in environment.items() if name.startswith("AIRUT_LAB_")
    }
    if "MODEL" not in lab:
        every = (MODEL_NAME, *FORGE_NAMES, *REGISTRY_NAMES, *ECHO_NAMES)
        names = tuple(NameRecord(name=name, addresses=("127.0.0.1",)) for name in every)
        return Plan(hosts=("127.0.0.1",), tcp_ports=(0,), udp_ports=(), dns_port=0, names=names)
    places = (
        ((MODEL_NAME,), "MODEL"),
        (FORGE_NAMES, "FORGE"),
        (REGISTRY_NAMES, "REGISTRY"),
        (ECHO_NAMES, "ECHO"),
        # One family a name: a container's network without IPv6 must not depend on which address a client tries first.
        (("echo6.example.com",), "ECHO6"),
        (("spare.example.net",), "SPARE"),
    )
    return Plan(
        # Both families: an escape by IPv6 has to be seen, too.
        hosts=("0.0.0.0", "::"),
        sniff=True,
        model_address=lab["MODEL"],
        forge_address=lab.get("FORGE"),
        canary_addresses=tuple(lab[name] for name in CANARIES if name in lab),
        names=tuple(
            NameRecord(name=name, addresses=(lab[place],)) for names, place in places if place in lab for name in names
        ),
    )


async def serve(control: Path, ready: Path, environment: Mapping[str, str]) -> None:
    """Run until SIGTERM or SIGINT. When everything listens, `ready` gets `{"dns_port": …, "port": …, "ca": …}`."""
    folder = environment.get("AIRUT_LAB_CA_DIR")
    with tempfile.TemporaryDirectory() as own:
        authority = Authority.at(Path(folder or own))
        server = InternetServer(plan(environment), authority)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with server.running(control):
            ca = str(Path(folder or own) / "ca.pem")
            facts = {"dns_port": server.dns_port, "port": server.tcp[-1].port, "ca": ca}
            partial = ready.with_name(ready.name + ".part")
            partial.write_text(json.dumps(facts))
            partial.replace(ready)
            await stop.wait()


def main() -> None:
    arguments = argparse.ArgumentParser(description="Play the internet of the lab.")
    arguments.add_argument("--control", type=Path, required=True, help="Unix socket to listen on for commands")
    arguments.add_argument("--ready-file", type=Path, required=True, help="written when everything listens")
    given = arguments.parse_args()
    asyncio.run(serve(given.control, given.ready_file, os.environ))


if __name__ == "__main__":
    main()
