#!/usr/bin/env bash
# Make the images ready, before anything of the head runs: from the archive in $AIRUT_JOB/images where it fits, else
# built. Afterwards the archive is what the CI's cache is to keep.
#
#   AIRUT_IMAGE_KEY       what archives are sealed with; without it there is no cache (docs/ci.md says why)
#   AIRUT_CACHE           true, false, or unsealed: use the cache without a key
#   AIRUT_CACHE_MAX_AGE   168h
set -euo pipefail
# shellcheck source=ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

main() {
    job_folder
    cd "$AIRUT_JOB/source"
    local base images=$AIRUT_JOB/images options=()
    base=$(planned base)
    options=(--policy-ref "$base")
    airut-sandbox image base
    if ! uses_cache; then
        airut-sandbox image build "${options[@]}"
        return
    fi
    mkdir -p "$images"
    options+=(--max-age "${AIRUT_CACHE_MAX_AGE:-168h}")
    airut-sandbox image load "${options[@]}" "$images"
    airut-sandbox image save "${options[@]}" "$images"
}

uses_cache() {
    case ${AIRUT_CACHE:-true} in
    unsealed) return 0 ;;
    true) [[ -n ${AIRUT_IMAGE_KEY-} ]] ;;
    *) return 1 ;;
    esac
}

main "$@"
