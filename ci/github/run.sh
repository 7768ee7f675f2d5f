#!/usr/bin/env bash
# The step in which untrusted code runs. What it prints must not be taken for commands to the runner: those are off
# until it has ended, and what turns them on again is a number that it cannot know.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
readonly HERE

main() {
    local token code=0
    token=$(head -c 32 /dev/urandom | base64 -w0 | tr -dc A-Za-z0-9)
    printf '::stop-commands::%s\n' "$token"
    # The runner reads both streams. One pipe for both ends with a line end, whatever the command printed last.
    "$HERE/../run.sh" 2>&1 || code=$?
    printf '\n::%s::\n' "$token"
    local logs=$AIRUT_JOB/logs
    # Written by airut-sandbox on this side, with everything in them escaped.
    if [[ -f $logs/annotations ]]; then cat "$logs/annotations"; fi
    if [[ -n ${GITHUB_STEP_SUMMARY-} && -f $logs/summary.md ]]; then
        head -c 900000 "$logs/summary.md" >>"$GITHUB_STEP_SUMMARY" # GitHub takes a MiB for all of a step
    fi
    return "$code"
}

main "$@"
