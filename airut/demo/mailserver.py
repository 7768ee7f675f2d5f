"""A real mail server for the demo and the tests: Dovecot (IMAP, LMTP) and Exim (submission), on loopback, not as root.

Debian packages: dovecot-imapd, dovecot-lmtpd (2.3 or 2.4) and exim4-daemon-light. Exim rather than Postfix, because
Postfix insists on being started by root. Everything lives in one folder; started as root, the servers run as `nobody`.
"""

import base64
import contextlib
import grp
import hashlib
import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path

from airut.demo import mail_config
from airut.demo.ports import free_ports
from airut.demo.tls import Authority

START_DEADLINE = 15.0
"""Seconds until all ports must answer: both servers take well under one on a quiet machine."""

_PROGRAM_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/usr/bin")


@dataclass(frozen=True)
class Ports:
    """Kept over stop and start, so that clients find the server again. `imap` is TLS, `imap_starttls` is not yet."""

    imap: int
    imap_starttls: int
    smtp: int
    lmtp: int


class MailServer:
    """One server with any number of users in any domains; mail between them is delivered, all other is refused.

    Submission needs STARTTLS and authentication. What a user submits gets an `Authentication-Results` field of this
    server (`authserv_id`): `dmarc=pass` when the From address is the authenticated user's own, else `dmarc=fail`;
    fields that came with the mail are removed, as RFC 8601 §5 asks of a border server.
    """

    authserv_id = "mail.test"

    def __init__(self, folder: Path, *, certificate_host: str = "127.0.0.1", dovecot: str = "", exim: str = "") -> None:
        """`folder` must be reachable by `nobody` when this runs as root. `certificate_host` is what the
        certificate is for; another than 127.0.0.1 makes a server whose name is wrong. `dovecot` and `exim` are lines
        that follow ours in each configuration (Exim's ends with its authenticators)."""
        self._more = (dovecot, exim)
        self._folder = folder.resolve()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._passwords: dict[str, str] = {}
        self._changes = 0
        ports = free_ports(4)
        self._ports = Ports(*ports)
        self.host = "127.0.0.1"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._run = Path(tempfile.mkdtemp(prefix="airut-mail-"))
        """Dovecot's sockets: their paths may have some hundred characters, of which a test's folder takes most."""
        self._run.chmod(0o755)
        self._tls = self._folder / "tls"
        certificate, key = Authority.at(self._tls).leaf(certificate_host)
        (self._tls / "certificate.pem").write_bytes(certificate)
        (self._tls / "key.pem").write_bytes(key)
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())

    @property
    def imap_port(self) -> int:
        return self._ports.imap

    @property
    def imap_starttls_port(self) -> int:
        return self._ports.imap_starttls

    @property
    def smtp_port(self) -> int:
        return self._ports.smtp

    @property
    def ca_file(self) -> Path:
        return self._tls / "ca.pem"

    def add_user(self, name: str, password: str) -> str:
        """Add or change a user, also while running: a new one is there at once, a new password within a second or two.
        Returns the full address."""
        address = (name if "@" in name else f"{name}@{self.authserv_id}").lower()
        self._passwords[address] = password
        self._write_users()
        return address

    def start(self) -> None:
        """Start both servers and wait until all ports answer.

        Raises:
            RuntimeError: a program is missing, or a port does not answer; carries the end of the logs.
        """
        self._write_users()
        self._write_configuration()
        # Looks every five seconds for mails that it has taken and, being killed, not delivered.
        exim = [_exim(), "-C", str(self._folder / "exim.conf"), "-bdf", "-q5s"]
        dovecot = [_dovecot(), "-F", "-c", str(self._folder / "dovecot.conf")]
        self._processes = [self._spawn(command) for command in (dovecot, exim)]
        self._await_ports()

    def stop(self) -> None:
        """End both servers in good order."""
        self._end(signal.SIGTERM)
        shutil.rmtree(self._run, ignore_errors=True)

    def kill(self) -> None:
        """End every process of both servers at once, as a crash would."""
        self._end(signal.SIGKILL)

    def deliver(
        self, raw: bytes, user: str, *, results: str | None = "dmarc=pass", sender: str = "bounces@mail.test"
    ) -> None:
        """Deliver a mail from outside, as an MX would: with an `Authentication-Results` field of ours on top.

        `results` is what that field says beyond the id, `header.from` added; None adds no field.
        `sender` is the envelope's, which Dovecot writes as `Return-Path`.
        """
        if results is not None:
            domain = _from_domain(raw)
            field = f"Authentication-Results: {self.authserv_id}; {results} header.from={domain}\r\n"
            raw = field.encode() + raw
        with smtplib.LMTP(self.host, self._ports.lmtp) as lmtp:
            lmtp.sendmail(sender, [user if "@" in user else f"{user}@{self.authserv_id}"], raw)

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        user, group = (self._user.pw_uid, self._user.pw_gid) if os.geteuid() == 0 else (None, None)
        with (self._folder / "output.log").open("ab") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self._folder,
                user=user,
                group=group,
                extra_groups=[] if user is not None else None,
            )

    def _end(self, number: signal.Signals) -> None:
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, number)
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                # Dovecot waits five seconds for children that were just starting; nothing is lost with them.
                process.wait(timeout=1)
            with contextlib.suppress(ProcessLookupError):  # what is left of the group: after a crash, all children
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._processes = []

    def _await_ports(self) -> None:
        deadline = time.monotonic() + START_DEADLINE
        for port in (self._ports.imap, self._ports.imap_starttls, self._ports.smtp, self._ports.lmtp):
            while not _answers(port):
                if time.monotonic() > deadline or any(p.poll() is not None for p in self._processes):
                    self.kill()
                    raise RuntimeError(f"mail server did not start on port {port}:\n{self._logs()}")
                time.sleep(0.02)

    def _logs(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in sorted(self._folder.glob("*.log")))

    def _write_users(self) -> None:
        """Passwords reach Dovecot as base64 and Exim as digests, so that any character may stand in them."""
        users = self._folder / "users"
        users.mkdir(exist_ok=True)
        self._changes += 1
        for address, password in self._passwords.items():
            # A file each: Dovecot looks for changes in one it has read only once a second. It compares whole seconds of
            # the time and the size, and would miss a password as long as the last one; a count cannot repeat itself.
            encoded = base64.b64encode(password.encode()).decode()
            _replace(users / address, f"{address}:{{PLAIN.b64}}{encoded}::::::\n", modified=self._changes)
        exim = [f"{_digest(address)}: {_digest(password)}\n" for address, password in self._passwords.items()]
        _replace(self._folder / "exim.users", "".join(exim))
        _replace(self._folder / "exim.mailboxes", "".join(f"{address}: 1\n" for address in self._passwords))
        _replace(self._folder / "exim.domains", "".join(f"{a.partition('@')[2]}: 1\n" for a in self._passwords))

    def _write_configuration(self) -> None:
        self._run.mkdir(exist_ok=True)
        for name in ("mail", "spool"):
            (self._folder / name).mkdir(exist_ok=True)
        values = {
            "folder": str(self._folder),
            "run": str(self._run),
            "user": self._user.pw_name,
            "group": grp.getgrgid(self._user.pw_gid).gr_name,
            "exim": _exim(),
            "uid": str(self._user.pw_uid),
            "gid": str(self._user.pw_gid),
            "host": self.host,
            "authserv_id": self.authserv_id,
            "imap": str(self._ports.imap),
            "imap_starttls": str(self._ports.imap_starttls),
            "smtp": str(self._ports.smtp),
            "lmtp": str(self._ports.lmtp),
            "certificate": str(self._tls / "certificate.pem"),
            "key": str(self._tls / "key.pem"),
        }
        version = subprocess.run([_dovecot(), "--version"], capture_output=True, text=True, check=True).stdout
        (self._folder / "dovecot.conf").write_text(mail_config.dovecot(version).substitute(values) + self._more[0])
        (self._folder / "exim.conf").write_text(mail_config.EXIM.substitute(values) + self._more[1])
        if os.geteuid() == 0:
            for path in [self._folder, *self._folder.rglob("*")]:
                os.chown(path, self._user.pw_uid, self._user.pw_gid, follow_symlinks=False)


def _dovecot() -> str:
    return _program("dovecot", "dovecot-imapd dovecot-lmtpd")


def _exim() -> str:
    return _program("exim4", "exim4-daemon-light")


def _program(name: str, packages: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *_PROGRAM_FOLDERS]))
    if found is None:
        raise RuntimeError(f"{name} is not installed; apt-get install {packages}")
    return found


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _replace(path: Path, text: str, *, modified: int | None = None) -> None:
    temporary = path.with_suffix(path.suffix + ".new")
    temporary.write_text(text)
    temporary.chmod(0o644)
    if modified is not None:
        os.utime(temporary, (modified, modified))
    temporary.replace(path)


def _from_domain(raw: bytes) -> str:
    for line in raw.replace(b"\r\n", b"\n").split(b"\n"):
        if line.lower().startswith(b"from:"):
            return parseaddr(line[5:].decode("utf-8", "replace"))[1].rpartition("@")[2] or "invalid"
        if not line:
            break
    return "invalid"
