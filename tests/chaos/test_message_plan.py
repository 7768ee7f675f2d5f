"""The plan of a long run: the same for the same seed, and everything in it that is to be in it."""

from collections import Counter

from tests.chaos.message_plan import Does, plan

COMPONENTS = ("intake", "control worker", "host worker")


def test_a_plan_follows_from_its_seed() -> None:
    made = plan(7, 500, 9, COMPONENTS)
    assert made == plan(7, 500, 9, COMPONENTS)
    assert made != plan(8, 500, 9, COMPONENTS)


def test_everything_is_in_it() -> None:
    made = plan(7, 500, 9, COMPONENTS)
    does = Counter(action.does for action in made.actions)
    killed = Counter(action.component for action in made.actions if action.does is Does.KILL)
    assert (does[Does.SEND], does[Does.KILL], does[Does.NEW_UIDS], does[Does.PUT_BACK]) == (500, 9, 1, 1)
    assert 10 < does[Does.AGAIN] < 60
    assert killed == dict.fromkeys(COMPONENTS, 3)
    assert len({message.word for message in made.messages}) == 500
    assert sum(message.first for message in made.messages) == len({message.thread for message in made.messages})


def test_nothing_is_sent_again_before_it_was_sent() -> None:
    sent: set[int] = set()
    for action in plan(7, 500, 9, COMPONENTS).actions:
        if action.does is Does.SEND:
            sent.add(action.message)
        elif action.does is Does.AGAIN:
            assert action.message in sent
