"""Every page there is. One more: see README.md."""

from airut.dashboard.api import description, sending, state, threads
from airut.dashboard.pages import Page
from airut.dashboard.views import (
    about,
    answer,
    audit,
    codec,
    config,
    config_first,
    config_text,
    costs,
    entry,
    events,
    files,
    hosts,
    message,
    network,
    overview,
    policy,
    probes,
    queue,
    repo,
    task,
    thread,
)

PAGES: tuple[Page, ...] = (
    *overview.PAGES,
    *repo.PAGES,
    *policy.PAGES,
    *message.PAGES,
    *answer.PAGES,
    *network.PAGES,
    *files.PAGES,
    *task.PAGES,
    *thread.PAGES,  # last of those below /threads/: its page's path takes in what follows
    *queue.PAGES,
    *hosts.PAGES,
    *costs.PAGES,
    *audit.PAGES,
    *config.PAGES,
    *config_text.PAGES,
    *config_first.PAGES,
    *about.PAGES,
    *entry.PAGES,
    *events.PAGES,
    *codec.PAGES,
    *probes.PAGES,
    *state.PAGES,
    *threads.PAGES,
    *sending.PAGES,
    *description.PAGES,
    *threads.LAST,
)
"""In the order in which the header names those that it does."""
