"""credentials.md §7.1: a GraphQL request stays within the repositories of an App's token. One row for each way out."""

from typing import Any

import pytest

from proxy.block import Reason, Refused
from proxy.github import scope
from proxy.rules import RepositoryScope
from tests.proxy.github.ids import new, old

WEB, OTHER = 7, 8
SCOPE = RepositoryScope("GH_APP", ("api.github.com",), frozenset([WEB]), frozenset(["acme/web"]))
NOTHING = RepositoryScope("GH_APP", ("api.github.com",), frozenset(), frozenset())
OURS, THEIRS = new("I", 0, WEB, 100), new("I", 0, OTHER, 100)
REPO = 'repository(owner: "acme", name: "web")'


def body(query: str, **variables: Any) -> dict[str, Any]:
    return {"query": query, "variables": variables}


PULL_REQUEST = """
fragment pr on PullRequest {
  id number title state body isDraft maintainerCanModify mergeable baseRefName headRefName headRefOid isCrossRepository
  author {login ...on User {id name}} autoMergeRequest {mergeMethod enabledBy {login}}
  headRepository {id name nameWithOwner} headRepositoryOwner {id login ...on User {name}}
  reviewRequests(first: 100) {nodes {requestedReviewer {
    __typename ...on User {login name} ...on Bot {login} ...on Team {organization {login} name slug}
  }}}
  reviews(first: 100) {nodes {id author {login} state submittedAt body commit {oid} reactionGroups {content users {totalCount}}}}
  labels(first: 100) {nodes {id name description color} totalCount} milestone {number title description dueOn}
  assignees(first: 100) {nodes {id login name databaseId} totalCount}
  projectItems(first: 100) {nodes {
    id project {id title} status: fieldValueByName(name: "Status") {...on ProjectV2ItemFieldSingleSelectValue {optionId name}}
  } totalCount}
  comments(first: 100) {nodes {id author {login ...on User {id name}} authorAssociation body url viewerDidAuthor}}
  commits(last: 1) {nodes {commit {statusCheckRollup {contexts(first: 100, after: $after) {nodes {
    __typename ...on StatusContext {context state targetUrl}
    ...on CheckRun {name checkSuite {workflowRun {event workflow {name}}} status conclusion detailsUrl}
  } pageInfo {hasNextPage endCursor}}}}}}
}"""
"""What `gh pr view` and `gh pr list` ask for."""

ALLOWED: dict[str, Any] = {
    "gh pr view": body(
        "query($owner: String!, $repo: String!, $n: Int!, $after: String) "
        "{repository(owner: $owner, name: $repo) {pullRequest(number: $n) {...pr}}}" + PULL_REQUEST,
        owner="acme", repo="web", n=7, after=None,
    ),
    "gh pr list": body(
        "query($owner: String!, $repo: String!, $after: String) {repository(owner: $owner, name: $repo) "
        "{pullRequests(states: [OPEN], first: 30, after: $after) {totalCount nodes {...pr}}}}" + PULL_REQUEST,
        owner="acme", repo="web", after=None,
    ),
    "gh issue view": body(
        "query($owner: String!, $repo: String!, $n: Int!) {repository(owner: $owner, name: $repo) "
        "{hasIssuesEnabled issue: issueOrPullRequest(number: $n) {__typename ...on Issue {...i} ...on PullRequest {id}}}} "
        "fragment i on Issue {id title body comments(last: 1) {nodes {body author {login}} totalCount}}",
        owner="acme", repo="web", n=7,
    ),
    "gh pr merge": body(
        "mutation($input: MergePullRequestInput!) {mergePullRequest(input: $input) {clientMutationId}}",
        input={"pullRequestId": new("PR", 0, WEB, 7), "mergeMethod": "SQUASH", "expectedHeadOid": "0" * 40},
    ),
    "no repository": body("{viewer{login} rateLimit{remaining} __schema{types{name}}}"),
    "by name": body(f"{{{REPO}{{id}}}}"),
    "another case": body('{repository(owner: "ACME", name: "Web"){id}}'),
    "with follow": body('{repository(owner: "acme", name: "web", followRenames: false){id}}'),
    "by variables": body("query($o: String!, $n: String!){repository(owner: $o, name: $n){id}}", o="acme", n="web"),
    "by defaults": body('query($o: String = "acme"){repository(owner: $o, name: "web"){id}}'),
    "value over default": body('query($o: String = "evil"){repository(owner: $o, name: "web"){id}}', o="acme"),
    "owner of an organization": body('{organization(login: "acme"){repository(name: "web"){id}}}'),
    "owner of a user": body('query($l: String!){user(login: $l){repository(name: "web"){id}}}', l="Acme"),
    "owner through fragments": body(
        '{repositoryOwner(login: "acme"){...F}} fragment F on RepositoryOwner{...on User{repository(name: "web"){id}}}'
    ),
    "node": body(f'{{node(id: "{OURS}"){{id}}}}'),
    "node of a user": body(f'{{node(id: "{new("U", 0, OTHER)}"){{id}}}}'),
    "nodes": body("query($ids: [ID!]!){nodes(ids: $ids){id}}", ids=[OURS, old("Repository", "7"), None]),
    "one id for a list": body(f'{{nodes(ids: "{OURS}"){{id}}}}'),
    "its issues": body(f"{{{REPO}{{issues(first: 9){{nodes{{title author{{login}} repository{{name}}}}}}}}}}"),
    "its pull requests in a fragment": body(
        f"{{{REPO}{{...R}}}} fragment R on Repository{{pullRequests(first: 9){{nodes{{id}}}}}}"
    ),
    "issues of its label": body(f'{{{REPO}{{labels(first: 1){{nodes{{issues(first: 1){{totalCount}}}}}}}}}}'),
    "a pull request's head": body(
        f"{{{REPO}{{pullRequest(number: 1){{headRefName headRef{{name}} headRepository{{nameWithOwner owner{{login}}}}}}}}}}"
    ),
    "mutation": body(
        "mutation($i: CreatePullRequestInput!){createPullRequest(input: $i){pullRequest{url}}}",
        i={"repositoryId": new("R", 0, WEB), "headRefName": "a", "clientMutationId": "anything"},
    ),
    "literal input": body(f'mutation{{addComment(input: {{subjectId: "{OURS}", body: "id: {THEIRS}"}}){{clientMutationId}}}}'),
    "reviewers": body(
        "mutation($i: RequestReviewsInput!){requestReviews(input: $i){clientMutationId}}",
        i={"pullRequestId": new("PR", 0, WEB, 1), "userIds": [new("U", 0, 5)], "teamIds": []},
    ),
    "by full name": body(
        "mutation($i: CreateCommitOnBranchInput!){createCommitOnBranch(input: $i){commit{oid}}}",
        i={"branch": {"repositoryNameWithOwner": "acme/web", "branchName": "x"}, "expectedHeadOid": "0" * 40},
    ),
    "null ids": body("mutation($i: X!){createPullRequest(input: $i){x}}", i={"headRepositoryId": None}),
    "compare": body(f'{{{REPO}{{ref(qualifiedName: "main"){{compare(headRef: "topic"){{aheadBy}}}}}}}}'),
    "a count": body("{viewer{issues repositories}}"),
    "the chosen one": {
        "query": f"query A{{{REPO}{{id}}}} query B{{search(query: \"x\", type: ISSUE){{issueCount}}}}",
        "operationName": "A",
    },
}  # fmt: skip


@pytest.mark.parametrize("request_body", ALLOWED.values(), ids=ALLOWED)
def test_what_stays(request_body: dict[str, Any]) -> None:
    scope.check(request_body, SCOPE)


def head(text: str) -> dict[str, Any]:
    return body(f"{{{REPO}{{{text}}}}}")


REFUSED: dict[str, tuple[Any, str]] = {
    "another name": (body('{repository(owner: "acme", name: "other"){id}}'), "the repository acme/other is not"),
    "another owner": (body('{repository(owner: "evil", name: "web"){id}}'), "the repository evil/web is not"),
    "alias": (body(f'{{{REPO}{{id}} web: repository(owner: "evil", name: "x"){{id}}}}'), "evil/x"),
    "in a fragment": (
        body('{...F} fragment F on Query{...on Query{...G}} fragment G on Query{repository(owner: "evil", name: "x"){id}}'),
        "evil/x",
    ),
    "skipped": (body('{repository(owner: "evil", name: "x") @skip(if: true){id}}'), "evil/x"),
    "below relay": (body('{relay{repository(owner: "evil", name: "x"){id}}}'), "evil/x"),
    "variable": (body("query($o: String!){repository(owner: $o, name: \"web\"){id}}", o="evil"), "evil/web"),
    "default": (body('query($o: String = "evil"){repository(owner: $o, name: "web"){id}}'), "evil/web"),
    "variable without value": (body('query($o: String!){repository(owner: $o, name: "web"){id}}'), "cannot be told"),
    "undeclared variable": (body('{repository(owner: $o, name: "web"){id}}'), "cannot be told"),
    "null": (body('{repository(owner: null, name: "web"){id}}'), "cannot be told"),
    "number": (body('query($n: String!){repository(owner: "acme", name: $n){id}}', n=7), "cannot be told"),
    "no owner": (body('{repository(name: "web"){id}}'), "cannot be told"),
    "owner twice": (body('{repository(owner: "acme", owner: "evil", name: "web"){id}}'), "owner is given twice"),
    "variable twice": (
        body('query($o: String = "acme", $o: String = "evil"){repository(owner: $o, name: "web"){id}}'),
        "declared twice",
    ),
    "variables in a list": ({"query": "{viewer{login}}", "variables": []}, "not an object"),
    "another login": (body('{organization(login: "evil"){repository(name: "web"){id}}}'), "cannot be told"),
    "viewer": (body('{viewer{repository(name: "web"){id}}}'), "cannot be told"),
    "login of somebody above": (
        body('{organization(login: "acme"){teams(first: 1){nodes{organization{repository(name: "x"){id}}}}}}'),
        "cannot be told",
    ),
    "its owner's": (head('owner{...on Organization{repository(name: "web"){id}}}'), "cannot be told"),
    "resource": (body('{resource(url: "https://github.com/acme/web"){url}}'), "resource"),
    "search": (body('{search(query: "repo:acme/web", type: ISSUE){issueCount}}'), "search"),
    "search under an alias": (body('{viewer: search(query: "x", type: ISSUE){issueCount}}'), "search"),
    "itemShowcase": (body('{user(login: "acme"){itemShowcase{items(first: 1){nodes{__typename}}}}}'), "itemShowcase"),
    "repositories": (body('{organization(login: "acme"){repositories(first: 9){nodes{name}}}}'), "repositories"),
    "starred": (body("{viewer{starredRepositories(first: 9){nodes{name}}}}"), "starredRepositories"),
    "contributed": (body("{viewer{repositoriesContributedTo(first: 9){nodes{name}}}}"), "repositoriesContributedTo"),
    "watching": (body("{viewer{watching(first: 9){nodes{name}}}}"), "watching"),
    "pinned": (body('{user(login: "evil"){pinnedItems(first: 6){nodes{__typename}}}}'), "pinnedItems"),
    "gists": (body('{user(login: "evil"){gists(first: 6){nodes{name}}}}'), "gists"),
    "a topic's": (body('{topic(name: "x"){repositories(first: 9){nodes{name}}}}'), "repositories"),
    "a user's issues": (body('{user(login: "evil"){issues(first: 9){nodes{body}}}}'), "issues"),
    "the viewer's pull requests": (body("{viewer{pullRequests(first: 9){nodes{body}}}}"), "pullRequests"),
    "an author's issues": (
        head("issue(number: 1){author{...on User{issues(first: 9){nodes{body}}}}}"), "issues",
    ),
    "a user's issues in a fragment": (
        body('{user(login: "evil"){...U}} fragment U on User{issues(first: 9){nodes{body}}}'), "issues",
    ),
    "comments": (body('{user(login: "evil"){issueComments(first: 9){nodes{body}}}}'), "issueComments"),
    "parent": (head("parent{name}"), "parent"),
    "template": (head("templateRepository{name}"), "templateRepository"),
    "forks": (head("forks(first: 9){nodes{name}}"), "forks"),
    "a mention elsewhere": (
        head("issue(number: 1){timelineItems(first: 9){nodes{...on CrossReferencedEvent{source{...on Issue{body}}}}}}"),
        "source",
    ),
    "a commit elsewhere": (
        head("issue(number: 1){timelineItems(first: 9){nodes{...on ReferencedEvent{commit{message}}}}}"), "commit",
    ),
    "sub-issues": (head("issue(number: 1){subIssues(first: 9){nodes{body}}}"), "subIssues"),
    "issues it closes": (
        head("pullRequest(number: 1){closingIssuesReferences(first: 9){nodes{body}}}"), "closingIssuesReferences",
    ),
    "a fork's content": (head('pullRequest(number: 1){headRepository{object(expression: "HEAD"){id}}}'), "object"),
    "a fork's owner's": (
        head('pullRequest(number: 1){headRepository{owner{...on User{repositories(first: 1){totalCount}}}}}'),
        "repositories",
    ),
    "a fork through its branch": (head("pullRequest(number: 1){headRef{repository{name}}}"), "repository"),
    "compare with a fork": (
        head('ref(qualifiedName: "main"){compare(headRef: "evil:main"){aheadBy}}'), "headRef leads to a fork",
    ),
    "dependencies": (
        head("dependencyGraphManifests(first: 1){nodes{dependencies{nodes{repository{name}}}}}"), "dependencies",
    ),
    "node": (body(f'{{node(id: "{THEIRS}"){{id}}}}'), "id names an object of another repository"),
    "old form": (body(f'{{node(id: "{old("Repository", "8")}"){{id}}}}'), "id names an object of another"),
    "old form of an issue": (body(f'{{node(id: "{old("Issue", "100")}"){{id}}}}'), "id cannot be read"),
    "no id": (body('{node(id: "x"){id}}'), "id cannot be read"),
    "id without value": (body("query($i: ID!){node(id: $i){id}}"), "id cannot be read"),
    "id as a number": (body("{node(id: 7){id}}"), "id cannot be read"),
    "id as a number in a variable": (body("query($i: ID!){node(id: $i){id}}", i=7), "id cannot be read"),
    "one of many": (body("query($ids: [ID!]!){nodes(ids: $ids){id}}", ids=[OURS, THEIRS]), "ids names an object"),
    "lists in lists": (body("query($ids: [ID!]!){nodes(ids: $ids){id}}", ids=[[OURS], [[THEIRS]]]), "ids names"),
    "a list with a variable": (body(f'query($i: ID!){{nodes(ids: ["{OURS}", $i]){{id}}}}', i=THEIRS), "ids names"),
    "a team": (body(f'{{node(id: "{new("T", 0, WEB, 1)}"){{id}}}}'), "id cannot be read"),
    "mutation input": (
        body(f'mutation{{addComment(input: {{subjectId: "{THEIRS}", body: "x"}}){{clientMutationId}}}}'),
        "subjectId names an object of another repository",
    ),
    "input in a variable": (
        body("mutation($i: AddCommentInput!){addComment(input: $i){clientMutationId}}", i={"subjectId": THEIRS}),
        "subjectId names",
    ),
    "input in a default": (
        body(f'mutation($i: X! = {{subjectId: "{THEIRS}"}}){{addComment(input: $i){{clientMutationId}}}}'), "subjectId",
    ),
    "nested input": (
        body("mutation($i: X!){createCommitOnBranch(input: $i){x}}", i={"branch": [{"id": new("REF", 0, OTHER, "a")}]}),
        "id names",
    ),
    "a second repository": (
        body(
            "mutation($i: X!){transferIssue(input: $i){x}}",
            i={"issueId": OURS, "repositoryId": new("R", 0, OTHER)},
        ),
        "repositoryId names",
    ),
    "head repository": (
        body("mutation($i: X!){createPullRequest(input: $i){x}}", i={"headRepositoryId": new("R", 0, OTHER)}),
        "headRepositoryId",
    ),
    "reply": (body("mutation($i: X!){a(input: $i){x}}", i={"inReplyTo": new("PRRC", 0, OTHER, 1)}), "inReplyTo"),
    "full name": (
        body("mutation($i: X!){createCommitOnBranch(input: $i){x}}", i={"branch": {"repositoryNameWithOwner": "evil/x"}}),
        "the repository evil/x",
    ),
    "full name without value": (
        body("mutation($n: String){a(input: {repositoryNameWithOwner: $n}){x}}"), "repositoryNameWithOwner that cannot",
    ),
    "an issue by its URL": (
        body("mutation($i: X!){addSubIssue(input: $i){x}}", i={"issueId": OURS, "subIssueUrl": "https://x.test"}),
        "subIssueUrl",
    ),
    "a member twice": (
        body(f'mutation{{a(input: {{subjectId: "{OURS}", subjectId: "{THEIRS}"}}){{x}}}}'), "subjectId is given twice",
    ),
    "in a directive": (body(f'{{viewer @x(id: "{THEIRS}"){{login}}}}'), "id names"),
    "a new repository": (
        body("mutation($i: X!){createRepository(input: $i){repository{id}}}", i={"name": "x"}), "createRepository",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("request_body", "detail"), REFUSED.values(), ids=REFUSED)
def test_what_leaves(request_body: dict[str, Any], detail: str) -> None:
    with pytest.raises(Refused) as refused:
        scope.check(request_body, SCOPE)
    assert refused.value.reason is Reason.GRAPHQL_REPO_SCOPE_BLOCKED
    assert detail in str(refused.value.detail)


@pytest.mark.parametrize(
    "request_body", [{"query": "{viewer"}, [body("{viewer{login}}")], body("{viewer}", x=1) | {"id": "x"}]
)
def test_the_rules_for_bodies_hold(request_body: Any) -> None:
    with pytest.raises(Refused) as refused:
        scope.check(request_body, SCOPE)
    assert refused.value.reason is Reason.GRAPHQL_OPERATION_BLOCKED


@pytest.mark.parametrize("name", ["by name", "node", "owner of an organization"])
def test_as_long_as_the_repositories_are_unknown_none_is_allowed(name: str) -> None:
    with pytest.raises(Refused):
        scope.check(ALLOWED[name], NOTHING)
    scope.check(ALLOWED["no repository"], NOTHING)


def test_a_fragment_that_is_spread_everywhere_takes_no_longer() -> None:
    owners = "".join(f'a{n}: user(login: "u{n}"){{...F}} ' for n in range(1_000))
    scope.check(body(f"{{{owners}}} fragment F on User{{{'login ' * 5_000}}}"), SCOPE)
