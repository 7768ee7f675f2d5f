"""Activities that a process runs by its present configuration. One that has begun goes on with what it began with."""

from collections.abc import Callable, Sequence
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from airut.config.schema import Config


class CurrentActivities(Interceptor):
    """For workers: in place of the activity that the worker was made with, the present one of its name is run."""

    def __init__(self, activities: Sequence[Callable[..., Any]], config: Config) -> None:
        self.config = config
        self._named = {each.__name__: each for each in activities}

    def replace(self, activities: Sequence[Callable[..., Any]], config: Config) -> None:
        """From now on; `config` is what they go by."""
        self.config = config
        self._named = {each.__name__: each for each in activities}

    def only(self, name: str) -> list[Callable[..., Any]]:
        return [self._named[name]]

    def without(self, name: str) -> list[Callable[..., Any]]:
        return [each for other, each in self._named.items() if other != name]

    def of(self, name: str) -> Callable[..., Any] | None:
        return self._named.get(name)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002  # theirs
        return _Inbound(next, self)


class _Inbound(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, current: CurrentActivities) -> None:  # noqa: A002  # theirs
        super().__init__(next)
        self._current = current

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002  # theirs
        input.fn = self._current.of(activity.info().activity_type) or input.fn
        return await self.next.execute_activity(input)
