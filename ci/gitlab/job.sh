#!/usr/bin/env bash
# The whole job, in the order that keeps the runner safe: plan, install, base and head, images, and only then the command.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
readonly HERE

main() {
    local line
    "$HERE/plan.sh"
    "$HERE/../install.sh"
    while IFS= read -r line; do export "${line?}"; done <"$AIRUT_JOB/environment"
    PATH=$AIRUT_JOB/airut/bin:$PATH
    AIRUT_TOKEN=${CI_JOB_TOKEN-} AIRUT_TOKEN_USER=gitlab-ci-token AIRUT_GIT_CA=${CI_SERVER_TLS_CA_FILE-} "$HERE/../fetch.sh"
    "$HERE/../images.sh"
    unset AIRUT_IMAGE_KEY CI_JOB_TOKEN
    exec "$HERE/../run.sh"
}

main "$@"
