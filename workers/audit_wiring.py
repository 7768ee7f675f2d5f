"""The audit log of this host, as every process of ours writes it."""

import asyncio
import logging
import logging.handlers
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from airut.adapters.audit import AuditLog
from airut.adapters.audit.chain import Head
from airut.config.digest import digest
from airut.config.schema import Config
from airut.errors import AuditUnavailable

ANNOUNCED = 3600.0
"""Seconds between two looks at whether there is a new head hash to tell."""

SYSLOG = "/dev/log"

log = logging.getLogger("airut.audit")


def audit_log(config: Config, present: Callable[[], Config] | None = None) -> AuditLog:
    """`present` gives the configuration that a process goes by at the moment, of one that takes up changes."""
    known: dict[int, str] = {}

    def current() -> str:
        found = present() if present is not None else config
        if id(found) not in known:
            known.clear()  # an id may be used again
            known[id(found)] = digest(found)
        return known[id(found)]

    return AuditLog(config.audit_file, config_digest=current, redactor=config.redactor)


@asynccontextmanager
async def announced(config: Config, every: float = ANNOUNCED, syslog: str = SYSLOG) -> AsyncIterator[None]:
    """Meanwhile the hash of the newest entry is told to the log, and where `audit.syslog` says so to the system's: now,
    hourly where it is another one, and at the end."""
    tell = _telling(audit_log(config), syslog if config.audit.syslog else None)
    await asyncio.to_thread(tell)
    telling = asyncio.create_task(_keep(tell, every))
    try:
        yield
    finally:
        telling.cancel()
        await asyncio.to_thread(tell)


async def _keep(tell: Callable[[], None], every: float) -> None:
    while True:
        await asyncio.sleep(every)
        await asyncio.to_thread(tell)


def _telling(audit: AuditLog, syslog: str | None) -> Callable[[], None]:
    told = Head()

    def tell() -> None:
        nonlocal told
        try:
            head = audit.head()
        except AuditUnavailable as error:
            log.error("%s; new tasks are refused", error)
            return
        if head.seq in (0, told.seq):
            return
        told = head
        words = f"audit head {head.seq}:{head.hash}"
        log.info("%s", words)
        if syslog is not None:
            _to_syslog(words, syslog)

    return tell


def _to_syslog(words: str, address: str) -> None:
    try:
        handler = logging.handlers.SysLogHandler(address, logging.handlers.SysLogHandler.LOG_AUTHPRIV)
    except OSError as error:
        log.warning("audit.syslog: %s does not answer: %s", address, error.strerror)
        return
    handler.ident = "airut: "
    handler.emit(logging.makeLogRecord({"msg": words, "levelno": logging.INFO, "levelname": "INFO"}))
    handler.close()
