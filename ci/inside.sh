# The first thing that runs in the sandbox: from the base's checkout to the head's, or to the merge of both, and from
# there the command. Given to `sh -c` as a whole, so nothing in the checkout can take its place.
#
#   sh -c "$(cat inside.sh)" inside HEAD MERGE FOLDER COMMAND
# shellcheck shell=sh
set -u
head=$1 merge=$2 folder=$3 command=$4

fail() {
    printf 'airut-sandbox: %s\n' "$1" >&2
    exit 125
}

cd /workspace || fail "there is no /workspace"
if [ "$merge" = true ]; then
    if ! said=$(git merge --quiet --no-edit --no-verify -m "Merge $head" "$head" 2>&1); then
        conflicts=$(git -c core.quotePath=true diff --name-only --diff-filter=U)
        [ -n "$conflicts" ] || fail "the head cannot be merged into the base: $said"
        printf '%s\n' "$conflicts" | sed 's/^/  /' >&2
        fail "the head cannot be merged into the base: it conflicts in the files above. Merge the base into the branch, and push"
    fi
else
    said=$(git checkout --quiet --detach "$head" 2>&1) || fail "the head cannot be checked out: $said"
fi
cd "./$folder" || fail "there is no folder $folder in what was checked out"
if command -v bash >/dev/null 2>&1; then exec bash -eo pipefail -c "$command"; fi
exec sh -ec "$command"
