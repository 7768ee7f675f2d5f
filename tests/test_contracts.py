"""Stubs and activities are one: same name, same argument, same result."""

import inspect
import typing
from collections.abc import Callable
from typing import Any

import pytest

from activities.agent import AgentRuns
from activities.archive import ThreadEnds
from activities.budget import BudgetChecks
from activities.claims import Claims
from activities.cleanup import CleanUps
from activities.earlier import EarlierReading
from activities.files import FileFetches
from activities.firing import Firings
from activities.follow_up import FollowUps
from activities.image import ImageBuilds
from activities.keeping import ArchiveKeeping
from activities.memory import MemoryWatch
from activities.payloads import PayloadSweeps
from activities.placement import Placement
from activities.progress import ProgressShows
from activities.publish import Publishing
from activities.questions import Questions
from activities.reply import Replies
from activities.reports import Reports
from activities.sweep import Sweeps
from activities.trigger import Triggers
from activities.workspace import Workspaces
from airut.contracts import stubs

CLASSES = (
    AgentRuns,
    ArchiveKeeping,
    BudgetChecks,
    Claims,
    CleanUps,
    EarlierReading,
    FileFetches,
    Firings,
    FollowUps,
    ImageBuilds,
    MemoryWatch,
    PayloadSweeps,
    Placement,
    ProgressShows,
    Publishing,
    Questions,
    Replies,
    Reports,
    Sweeps,
    ThreadEnds,
    Triggers,
    Workspaces,
)


def activities_of(holder: object) -> dict[str, Callable[..., Any]]:
    found = (member for _, member in inspect.getmembers(holder, inspect.isfunction))
    return {member.__name__: member for member in found if hasattr(member, "__temporal_activity_definition")}


IMPLEMENTED = {name: function for holder in CLASSES for name, function in activities_of(holder).items()}
STUBS = activities_of(stubs)


def test_every_stub_is_implemented_and_nothing_else() -> None:
    assert STUBS.keys() == IMPLEMENTED.keys()


@pytest.mark.parametrize("name", STUBS)
def test_same_types(name: str) -> None:
    stub, implementation = typing.get_type_hints(STUBS[name]), typing.get_type_hints(IMPLEMENTED[name])
    assert stub == implementation
