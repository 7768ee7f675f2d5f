"""Every page there is. One more: see README.md."""

from airut.dashboard.pages import Page
from airut.dashboard.views import about, entry, events, overview

PAGES: tuple[Page, ...] = (*overview.PAGES, *about.PAGES, *entry.PAGES, *events.PAGES)
"""In the order in which the header names those that it does."""
