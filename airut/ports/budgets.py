"""What a repository's tasks may cost, and who keeps count."""

from typing import Protocol

from airut.models.budgets.budget import BudgetGrant, BudgetOrder, BudgetRelease, Budgets, BudgetSettlement


class BudgetRules(Protocol):
    """What is configured, looked up afresh for each run, so that a changed budget applies to the next one."""

    def budgets(self, repo: str) -> Budgets:
        """All None where money does not apply.

        Raises:
            ConfigError: the repository is not configured here.
        """
        ...

    def hold(self, repo: str) -> str:
        """Why nothing of the repository may begin at the moment, in words; empty where it may."""
        ...

    def at_once(self, repo: str) -> int | None:
        """How many sandboxes of the repository may run at the same time; None is no limit of its own."""
        ...

    def of_author(self, repo: str) -> int | None:
        """How many of them may be for threads of one author; None is no limit."""
        ...

    def timezone(self, repo: str) -> str:
        """The IANA name of the zone whose days are counted by.

        Raises:
            ConfigError: the repository is not configured here.
        """
        ...


class BudgetLedger(Protocol):
    """One count for each repository, whatever worker asks. Every call may be repeated.

    Every method raises LedgerUnavailable when it is not known whether the call took effect: call again.
    """

    async def reserve(self, order: BudgetOrder) -> BudgetGrant: ...

    async def settle(self, settlement: BudgetSettlement) -> None:
        """Count what a run has cost. Where nothing was ever reserved for the repository, nothing happens."""
        ...

    async def release(self, release: BudgetRelease) -> None:
        """Give back what a closed task holds. Where nothing was ever reserved, nothing happens."""
        ...
