"""A thread's workflow id, from Slack's own names alone, so that there is no mapping to lose."""


def slack_thread(repo: str, team: str, channel: str, thread_ts: str) -> str:
    return f"{repo}/slack/{team}-{channel}-{thread_ts}"
