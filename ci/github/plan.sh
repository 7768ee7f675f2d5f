#!/usr/bin/env bash
# Which commit decides (the base), and which is run (the head), by what GitHub says of the event. First of all steps.
#
#   INPUT_REF, INPUT_MERGE, INPUT_CACHE, INPUT_COMMAND   the action's inputs
#   GITHUB_EVENT_NAME, GITHUB_EVENT_PATH, …              the runner's
set -euo pipefail
# shellcheck source=ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

event() { # event NAME…: a text in the event's document; empty where there is none
    python3 -IS -c '
import json, sys
found = json.load(open(sys.argv[1], encoding="utf-8"))
for name in sys.argv[2:]:
    found = found.get(name) if isinstance(found, dict) else None
print(found if isinstance(found, str) and "\n" not in found else "" if found is None else json.dumps(found))
' "$GITHUB_EVENT_PATH" "$@"
}

# A branch that anybody may push to must not bring its own policy: it is run by that of the default branch.
decides_itself() {
    local default
    default=$(event repository default_branch)
    [[ ${GITHUB_REF-} == "refs/heads/$default" || ${GITHUB_REF_PROTECTED-} == true ]]
}

main() {
    fresh_job_folder
    local url=$GITHUB_SERVER_URL/$GITHUB_REPOSITORY base='' head='' merge=${INPUT_MERGE:-true} fork=false
    case $GITHUB_EVENT_NAME in
    pull_request)
        base=refs/heads/$(event pull_request base ref)
        head=$(event pull_request head sha)
        # A repository that was deleted since has no name: somebody else's all the same.
        if [[ $(event pull_request head repo full_name) != "$GITHUB_REPOSITORY" ]]; then fork=true; fi
        ;;
    merge_group)
        base=$(event merge_group base_sha)
        head=$(event merge_group head_sha)
        merge=false # GitHub has merged it
        ;;
    push)
        head=$GITHUB_SHA merge=false
        if decides_itself; then base=$head; else base=refs/heads/$(event repository default_branch); fi
        ;;
    pull_request_target)
        die "pull_request_target is refused: it gives a job that runs a stranger's code the repository's secrets and a" \
            "token that may write. Use 'on: pull_request' (docs/ci.md); the policy comes from the base branch all the same"
        ;;
    *)
        die "the event '$GITHUB_EVENT_NAME' is none of pull_request, merge_group and push"
        ;;
    esac
    if [[ -n ${INPUT_REF-} ]]; then head=$INPUT_REF; fi
    [[ $merge == true || $merge == false ]] || die "merge is true or false, not '$merge'"
    [[ -n ${INPUT_COMMAND-} ]] || die "the input 'command' is empty"
    write_plan "$url" "$base" "$head" "$merge" "$fork"
    cache_output
}

# Whether the steps of the cache run; the remedy is told once, here.
cache_output() {
    local cache=false
    case ${INPUT_CACHE:-true} in
    unsealed) cache=true ;;
    true)
        if [[ -n ${AIRUT_IMAGE_KEY-} ]]; then
            cache=true
        else
            say "images are built in this job: without cache-key nothing says who wrote a cached archive (docs/ci.md)"
        fi
        ;;
    false) ;;
    *) die "cache is true, false or unsealed, not '$INPUT_CACHE'" ;;
    esac
    printf 'cache=%s\n' "$cache" >>"$GITHUB_OUTPUT"
}

main "$@"
