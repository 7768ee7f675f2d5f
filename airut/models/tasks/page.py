"""Where people see threads and tasks in the browser."""

from urllib.parse import quote


def thread_page(base: str | None, thread: str) -> str:
    """The thread's page on the dashboard at `base`; empty where nobody has said where that is."""
    return f"{base}/threads/{quote(thread)}" if base else ""


def task_page(base: str | None, thread: str, number: int) -> str:
    """Likewise of one of its tasks."""
    return f"{thread_page(base, thread)}/tasks/{number}" if base else ""
