#!/usr/bin/env bash
# Run the command on the head, inside. Its exit code is this step's.
#
#   AIRUT_COMMAND   what to run, as a shell reads it
#   AIRUT_ARGS      more options for `airut-sandbox run`, one a line
#   AIRUT_FOLDER    where in the repository the command runs
#   AIRUT_JUNIT     where the JUnit report is to lie, beside the one in the logs
set -euo pipefail
# shellcheck source=ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
readonly HERE

main() {
    job_folder
    [[ -n ${AIRUT_COMMAND-} ]] || die "there is no command to run"
    local base head merge logs=$AIRUT_JOB/logs options=() line code=0
    base=$(planned base) head=$(planned head) merge=$(planned merge)
    options=(--policy-ref "$base" --network-log "$logs/network.jsonl" --junit "$logs/junit.xml")
    options+=(--summary "$logs/summary.md" --annotations "$logs/annotations" --head "$head")
    # On a runner of one's own, secrets may lie in files; a stranger's code does not get the use of them either.
    if [[ $(planned fork) == true ]]; then options+=(--no-credentials); fi
    # One option a line, and no shell in between: what is in it stays one word.
    while IFS= read -r line; do
        if [[ -n $line ]]; then options+=("$line"); fi
    done <<<"${AIRUT_ARGS-}"

    cd "$AIRUT_JOB/source"
    airut-sandbox run "${options[@]}" -- \
        sh -c "$(cat "$HERE/inside.sh")" inside "$head" "$merge" "${AIRUT_FOLDER:-.}" "$AIRUT_COMMAND" || code=$?
    if [[ -n ${AIRUT_JUNIT-} && -f $logs/junit.xml ]]; then
        mkdir -p "$(dirname "$AIRUT_JUNIT")"
        cp "$logs/junit.xml" "$AIRUT_JUNIT"
    fi
    return "$code"
}

main "$@"
