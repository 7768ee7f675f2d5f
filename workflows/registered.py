"""Every workflow that a control worker runs, and that a replay therefore has to know."""

from workflows.budget import BudgetWorkflow
from workflows.follow_up import FollowUpWorkflow
from workflows.host import HostWorkflow
from workflows.schedule import ScheduledTaskWorkflow
from workflows.sweep import ExpiryWorkflow, SweepWorkflow
from workflows.task import TaskWorkflow
from workflows.thread import ThreadWorkflow

WORKFLOWS: tuple[type, ...] = (
    ThreadWorkflow,
    TaskWorkflow,
    BudgetWorkflow,
    HostWorkflow,
    ExpiryWorkflow,
    SweepWorkflow,
    ScheduledTaskWorkflow,
    FollowUpWorkflow,
)
