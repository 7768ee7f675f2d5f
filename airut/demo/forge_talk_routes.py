"""Operations of the forge that tell what has been said of a pull request."""

from airut.demo.forge_routes import REPO, Answer, Call, Redirect, Route
from airut.demo.github_pulls import Refused
from airut.demo.repositories import default_branch, resolve


def list_reviews(call: Call) -> Answer:
    pull = call.pulls.get(call.number)
    kept = call.talk.reviews[call.repo, call.number]
    return 200, call.page(
        [call.documents.review(pull, each.number, each.author, each.body, each.state, each.at) for each in kept]
    )


def list_line_comments(call: Call) -> Answer:
    pull = call.pulls.get(call.number)
    kept = call.talk.on_lines[call.repo, call.number]
    return 200, call.page(
        [
            call.documents.line_comment(pull, each.number, each.author, each.body, each.path, each.line, each.at)
            for each in kept
        ]
    )


def get_combined_status(call: Call) -> Answer:
    sha = resolve(call.repository, call.variables["ref"])
    if sha is None:
        raise Refused(404, "Not Found")
    statuses = call.talk.statuses[sha]
    return 200, call.documents.combined_status(call.repo, sha, statuses, default_branch(call.repository))


def get_permission(call: Call) -> Answer:
    login = call.variables["username"]
    return 200, call.documents.permission(login, call.talk.permissions.get(login, "read"))


def download_log(call: Call) -> Answer:
    job = int(call.variables["job_id"])
    if job not in call.talk.logs:
        raise Refused(404, "Not Found")
    return 302, Redirect(f"/_logs/{job}")


TALK_ROUTES: tuple[Route, ...] = (
    ("GET", REPO + "/pulls/{pull_number}/reviews", list_reviews),
    ("GET", REPO + "/pulls/{pull_number}/comments", list_line_comments),
    ("GET", REPO + "/commits/{ref}/status", get_combined_status),
    ("GET", REPO + "/collaborators/{username}/permission", get_permission),
    ("GET", REPO + "/actions/jobs/{job_id}/logs", download_log),
)
