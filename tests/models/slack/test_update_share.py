"""An app's updates, shared by its tasks: under forty in any minute, and the last words of all of them."""

from collections import Counter

from airut.models.slack.update_share import MOST, UpdateShare


def busiest(times: list[float]) -> int:
    """Most in any minute."""
    return max(sum(begin <= each < begin + 60 for each in times) for begin in times)


def test_a_single_task_is_updated_as_often_as_its_interval_says() -> None:
    share = UpdateShare()
    share.join("a")
    assert share.wait_of("a", 100.0, 3.0) == 0
    share.take("a", 100.0)
    assert share.wait_of("a", 101.0, 3.0) == 2
    assert share.wait_of("a", 103.0, 3.0) == 0


def test_twenty_busy_tasks_share_evenly_and_all_last_words_are_shown() -> None:
    share, tasks = UpdateShare(), [f"t{number}" for number in range(20)]
    updates: list[tuple[float, str]] = []
    for task in tasks:
        share.join(task)
    for second in range(600):
        for task in tasks:
            if second % 3 == 0 and share.wait_of(task, second, 3.0) == 0:
                share.take(task, second)
                updates.append((second, task))
    counts = Counter(task for _, task in updates)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert min(counts.values()) >= 14  # one in forty seconds

    ended, now = list(tasks), 600.0  # all at once
    while ended:
        if (wait := share.wait(now)) > 0:
            now += wait
            continue
        task = ended.pop()
        share.leave(task)
        share.take(task, now)
        updates.append((now, task))
    assert now < 660
    assert busiest([at for at, _ in updates]) <= MOST < 40


def test_what_only_goes_on_leaves_room_for_changes_of_state() -> None:
    share = UpdateShare()
    for number in range(30):
        share.join("a")
        share.take("a", number)
    assert share.wait_of("a", 40.0, 3.0) == 20
    assert share.wait(40.0) == 0


def test_a_limit_that_was_told_closes_it_for_all() -> None:
    share = UpdateShare()
    share.join("a")
    share.close(130.0)
    share.close(110.0)
    assert (share.wait(100.0), share.wait_of("a", 100.0, 3.0), share.wait(130.0)) == (30.0, 30.0, 0)
