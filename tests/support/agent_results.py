"""How agents end, as tests need it."""

from airut.models.blob import BlobRef, Text
from airut.models.pull_requests.pull_request import PullRequestRef, PullRequestState
from airut.models.questions.question import Option, Question, QuestionItem
from airut.models.tasks.outcome import AgentOutcome, AgentVerdict, Usage
from airut.models.tasks.task import AgentResult

BLOB = BlobRef(sha256="0" * 64, size=3)
REQUEST = PullRequestRef(
    number=1, url="https://forge.example/1", head="airut/add", state=PullRequestState.OPEN, created=True
)
QUESTION = Question(
    id="toolu_1",
    items=(QuestionItem(text="Tabs or spaces?", options=(Option(label="tabs"), Option(label="spaces"))),),
    tool="AskUserQuestion",
)


def done(text: str, outcome: AgentOutcome = AgentOutcome.DONE, bundle: BlobRef | None = BLOB) -> AgentResult:
    """An ended run."""
    verdict = AgentVerdict(outcome=outcome, usage=Usage(cost_usd=0.25, turns=2))
    return AgentResult(verdict=verdict, text=Text(inline=text), bundle=bundle)


def refused(outcome: AgentOutcome, **verdict: object) -> AgentResult:
    told = AgentVerdict.model_validate({"outcome": outcome, "detail": "words of the API", **verdict})
    return AgentResult(verdict=told, text=Text(inline=""))


def asks(text: str = "I have to know something.") -> AgentResult:
    verdict = AgentVerdict(outcome=AgentOutcome.QUESTION, question=QUESTION, prompt_taken=True, usage=Usage(turns=1))
    return AgentResult(verdict=verdict, text=Text(inline=text), transcript=BLOB)
