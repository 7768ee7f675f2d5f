"""What is shipped for operators names metrics that there are, with labels that they have."""

import json
import re
from pathlib import Path

import pytest
import yaml

from airut.models.telemetry.metrics import METRICS, Kind, Metric

DOCS = Path(__file__).parents[2] / "docs" / "operations"
PROMETHEUS = {metric.prometheus: metric for metric in METRICS}
_NAME = re.compile(r"\b(airut_\w+)(?:\{([^}]*)\})?")


def alerts() -> dict[str, str]:
    rules = yaml.safe_load((DOCS / "alerts.yaml").read_text())["groups"][0]["rules"]
    assert all({"summary", "remedy"} <= rule["annotations"].keys() for rule in rules)
    return {rule["alert"]: rule["expr"] for rule in rules}


def panels() -> dict[str, str]:
    found = json.loads((DOCS / "grafana-dashboard.json").read_text())["panels"]
    return {f"{panel['title']} {target['refId']}": target["expr"] for panel in found for target in panel["targets"]}


def metric_of(name: str) -> Metric:
    plain = re.sub(r"_(bucket|sum|count)$", "", name)
    if plain != name and plain in PROMETHEUS:
        assert PROMETHEUS[plain].kind is Kind.HISTOGRAM, name
        return PROMETHEUS[plain]
    assert PROMETHEUS[name].kind is not Kind.HISTOGRAM, name
    return PROMETHEUS[name]


@pytest.mark.parametrize("expression", {**alerts(), **panels()}.values(), ids={**alerts(), **panels()}.keys())
def test_an_expression_asks_for_what_there_is(expression: str) -> None:
    known = {"process", "le"}
    for name, selectors in _NAME.findall(expression):
        labels = set(metric_of(name).labels)
        known |= labels
        assert set(re.findall(r"(\w+)\s*[=!]~?=?", selectors)) <= labels, name
    for by in re.findall(r"by \(([^)]*)\)", expression):
        assert {each.strip() for each in by.split(",")} <= known | {"activity_type"}, expression


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {metric_of(name).name for expression in panels().values() for name, _ in _NAME.findall(expression)}
    assert shown == {metric.name for metric in METRICS}


def table() -> str:
    rows = [
        f"| `{metric.name}` | {metric.kind} | {metric.unit} | {', '.join(metric.labels)} | {metric.doc} |"
        for metric in METRICS
    ]
    return "\n".join(("| metric | kind | unit | labels | |", "|---|---|---|---|---|", *rows))


def test_the_table_is_what_the_code_has() -> None:
    assert table() in (DOCS / "observability.md").read_text()


SPECIFIED = """
airut.messages 1 repo channel result|airut.task.duration s repo outcome|airut.task.wait s repo outcome
airut.tasks.running 1 repo host|airut.tasks.queued 1 repo host|airut.threads.live 1 repo host
airut.task.cost USD repo model|airut.agent.tokens 1 repo model kind|airut.reply.latency s channel
airut.sandbox.start s host warm|airut.image.build s repo result|airut.sandbox.memory By host|airut.sandbox.cpu s host
airut.proxy.requests 1 decision reason|airut.proxy.latency s decision reason
airut.credentials.swapped 1 kind|airut.credentials.stripped 1 kind|airut.credentials.scrubbed 1 kind
airut.channel.up 1 repo channel|airut.channel.lag s repo channel
airut.disk.free By host|airut.config.generation 1 host|airut.config.errors 1 host|airut.audit.failures 1 host
"""


def test_names_units_and_labels_are_promised() -> None:
    """Somebody's alerts stand on them: they change only on purpose."""
    promised = sorted(line.strip() for line in re.split(r"[|\n]", SPECIFIED) if line.strip())
    assert sorted(f"{metric.name} {metric.unit} {' '.join(metric.labels)}" for metric in METRICS) == promised
