"""Search attributes, at a real server and as said of others."""

from temporalio.testing import WorkflowEnvironment

from airut.operations.check.finding import fail, ok
from airut.operations.check.temporal import judge, search_attributes
from airut.temporal.search_attributes import Attributes


async def test_a_server_that_has_them(temporal: WorkflowEnvironment) -> None:
    assert await search_attributes(temporal.client) == ok("search attributes", "all 8")


def test_what_is_missing_is_named_with_its_command() -> None:
    lacks = Attributes(missing={"AirutCost": "Double"}, other={"AirutHost": "TEXT"})
    assert judge("airut", lacks) == fail(
        "search attributes",
        "AirutCost, AirutHost: missing, or of another type",
        "run `temporal operator search-attribute remove --yes --namespace airut --name AirutHost`, then "
        "`temporal operator search-attribute create --namespace airut "
        "--name AirutCost --type Double --name AirutHost --type Keyword`",
    )
