#!/usr/bin/env bash
# Under which name GitHub's cache keeps this job's images: it follows from what is in them, and changes with time, since
# what a name holds never does.
set -euo pipefail
# shellcheck source=ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

main() {
    job_folder
    [[ ${INPUT_CACHE_VERSION:-1} =~ ^[A-Za-z0-9._-]{1,64}$ ]] || die "cache-version has letters, digits, '.', '_' and '-'"
    local hashes repository proxy age
    age=$(seconds_of "${AIRUT_CACHE_MAX_AGE:-168h}")
    ((age > 0)) || die "cache-max-age is more than nothing; cache: false does without"
    hashes=$(cd "$AIRUT_JOB/source" && airut-sandbox image hash --policy-ref "$(planned base)")
    repository=$(sed -n 's/^repository=//p' <<<"$hashes") proxy=$(sed -n 's/^proxy=//p' <<<"$hashes")
    printf 'key=airut-%s-%s-%s-%s-%s\n' "${INPUT_CACHE_VERSION:-1}" "$(uname -m)" "$repository" "$proxy" \
        $(($(date +%s) / age)) >>"$GITHUB_OUTPUT"
}

main "$@"
