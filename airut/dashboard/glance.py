"""The lists of the whole installation, kept for the pages that show them at a glance."""

from airut.dashboard.kept import OLD, Kept
from airut.dashboard.waiting import UnderWay, under_way
from airut.ports.host_directory import HostDirectory, HostRow
from airut.ports.thread_directory import ThreadDirectory, ThreadFilter, ThreadPage

RECENT = 20
"""Threads on the first page: what fits on a screen. A repository's page has all."""


class Glance:
    """Each raises DirectoryUnavailable."""

    def __init__(self, threads: ThreadDirectory, hosts: HostDirectory, old: float = OLD) -> None:
        self.counts: Kept[dict[str, int]] = Kept(threads.counts, old)
        self.recent: Kept[ThreadPage] = Kept(lambda: threads.threads(ThreadFilter(), limit=RECENT), old)
        self.under_way: Kept[UnderWay] = Kept(lambda: under_way(threads), old)
        self.hosts: Kept[tuple[HostRow, ...]] = Kept(hosts.hosts, old)
