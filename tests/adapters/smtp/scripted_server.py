"""An SMTP peer on a loopback port that answers as the script says, for answers no real server can be asked to give."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class ScriptedServer:
    """`answers` maps the beginning of a command (`RCPT TO:<bob@`, or `.` for the end of DATA) to answers, one a time;
    the last one stays. Everything else is answered as a server would that accepts all. `hang up` closes."""

    answers: Mapping[str, list[str]] = field(default_factory=dict)
    extensions: tuple[str, ...] = ("SIZE 50000000", "AUTH PLAIN LOGIN")
    port: int = 0
    commands: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 scripted\r\n")
        while raw := await reader.readline():
            line = raw.decode().strip()
            self.commands.append(line)
            answer = self._answer(line)
            if answer == "hang up":
                return
            writer.write(answer.encode() + b"\r\n")
            if line == "DATA" and answer.startswith("354"):
                self.mails.append((await reader.readuntil(b"\r\n.\r\n"))[:-3])
                answer = self._answer(".")
                if answer == "hang up":
                    return
                writer.write(answer.encode() + b"\r\n")
            if line == "QUIT":
                return

    def _answer(self, line: str) -> str:
        for beginning, answers in self.answers.items():
            if line.startswith(beginning):
                return answers.pop(0) if len(answers) > 1 else answers[0]
        if line.startswith("EHLO"):
            return "\r\n".join(["250-scripted", *(f"250-{name}" for name in self.extensions), "250 OK"])
        refused = "535 5.7.3 Authentication unsuccessful"  # an empty line ends a login that was refused
        usual = {"AUTH": "235 yes", "DATA": "354 go on", "QUIT": "221 bye", "": refused}
        return usual.get(line.partition(" ")[0], "250 OK")


@asynccontextmanager
async def running(script: ScriptedServer) -> AsyncIterator[ScriptedServer]:
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0, limit=2**24)
    script.port = server.sockets[0].getsockname()[1]
    async with server:
        yield script
