"""What is tried again how often."""

from datetime import timedelta

import pytest

from airut.models.threads.message import ChannelKind
from workflows import options


@pytest.mark.parametrize(
    ("channel", "first", "most", "days"),
    [
        (ChannelKind.EMAIL, timedelta(seconds=10), timedelta(minutes=15), 31),  # the activity gives up before
        (ChannelKind.CONSOLE, timedelta(seconds=10), timedelta(minutes=15), 3),
        (ChannelKind.SLACK, timedelta(seconds=1), timedelta(minutes=5), 3),
    ],
)
def test_replies_are_tried_again_for_days(channel: ChannelKind, first: timedelta, most: timedelta, days: int) -> None:
    config = options.over(options.REPLY, channel)
    policy = config["retry_policy"]
    assert policy is not None
    assert (policy.initial_interval, policy.backoff_coefficient, policy.maximum_interval) == (first, 2.0, most)
    assert (policy.maximum_attempts, config["schedule_to_close_timeout"]) == (0, timedelta(days=days))
