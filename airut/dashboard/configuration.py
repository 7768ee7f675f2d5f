"""What is the matter with the configuration that the processes run by. Pure."""

from collections.abc import Sequence

from airut.config.generation_reports import ProcessReport
from airut.models.base import Model


class Trouble(Model):
    """One thing to mend, and which processes say so."""

    words: str
    detail: str = ""
    processes: tuple[str, ...]


def troubles(reports: Sequence[ProcessReport]) -> tuple[Trouble, ...]:
    """Errors first; then what waits for a restart, what goes on as it was, and processes that differ."""
    found: dict[tuple[str, str], list[str]] = {}

    def say(report: ProcessReport, words: str, detail: str = "") -> None:
        found.setdefault((words, detail), []).append(report.name)

    for report in reports:
        if report.generation.error:
            say(report, "airut.yaml is not taken up; what was read before stays in effect.", report.generation.error)
    for report in reports:
        if report.generation.pending:
            say(report, "Takes effect with the next start:", "\n".join(report.generation.pending))
        if report.generation.kept:
            say(report, "Goes on as before the change:", "\n".join(report.generation.kept))
    digests = {report.generation.digest for report in reports}
    if len(digests) > 1 and not found:
        for report in reports:
            say(report, "Processes run by different configurations:", ", ".join(sorted(digests)))
    return tuple(
        Trouble(words=words, detail=detail, processes=tuple(names)) for (words, detail), names in found.items()
    )
