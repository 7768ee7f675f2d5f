"""What other servers say of a thread's answers that they could not deliver: shown, and nothing more."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.models.mail.bounce import Bounce, with_bounce
    from airut.models.threads.state import ThreadState
    from workflows.display import Display


class Bounces:
    """Belongs to one ThreadWorkflow, whose signal it takes."""

    def __init__(self, state: ThreadState, display: Display) -> None:
        self._state = state
        self._display = display
        workflow.set_signal_handler(contracts.BOUNCED, self._take)

    def _take(self, bounce: Bounce) -> None:
        self._state.bounces = with_bounce(self._state.bounces, bounce)
        self._display.show()
