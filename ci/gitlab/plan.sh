#!/usr/bin/env bash
# Which commit decides (the base), and which is run (the head), by what GitLab says of the pipeline.
set -euo pipefail
# shellcheck source=ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

main() {
    fresh_job_folder
    local url=$CI_PROJECT_URL.git base='' head='' merge=${AIRUT_MERGE:-true} fork=false
    case $CI_PIPELINE_SOURCE in
    merge_request_event)
        url=$CI_MERGE_REQUEST_PROJECT_URL.git # the target's, also in a pipeline of the fork
        base=refs/heads/$CI_MERGE_REQUEST_TARGET_BRANCH_NAME
        # In a pipeline of merged results CI_COMMIT_SHA is GitLab's own merge; the branch's commit has a name of its own.
        head=${CI_MERGE_REQUEST_SOURCE_BRANCH_SHA:-$CI_COMMIT_SHA}
        if [[ ${CI_MERGE_REQUEST_EVENT_TYPE-} == merge_train ]]; then head=$CI_COMMIT_SHA merge=false; fi
        if [[ ${CI_MERGE_REQUEST_SOURCE_PROJECT_ID-} != "$CI_MERGE_REQUEST_PROJECT_ID" ]]; then fork=true; fi
        ;;
    push)
        # A branch that anybody may push to must not bring its own policy: it is run by that of the default branch.
        head=$CI_COMMIT_SHA merge=false
        if [[ ${CI_COMMIT_REF_PROTECTED-} == true || ${CI_COMMIT_BRANCH-} == "$CI_DEFAULT_BRANCH" ]]; then
            base=$head
        else
            base=refs/heads/$CI_DEFAULT_BRANCH
        fi
        ;;
    *)
        die "the pipeline's source '$CI_PIPELINE_SOURCE' is none of merge_request_event and push"
        ;;
    esac
    [[ $merge == true || $merge == false ]] || die "AIRUT_MERGE is true or false, not '$merge'"
    [[ -n ${AIRUT_COMMAND-} ]] || die "AIRUT_COMMAND is empty: it says what to run"
    write_plan "$url" "$base" "$head" "$merge" "$fork"
}

main "$@"
