#!/usr/bin/env bash
# Check out the base, and fetch the head's objects beside it. The head's files do not appear on this side: they are
# checked out inside the sandbox. AIRUT_TOKEN, where the repository needs one, is used for this and lies nowhere after.
set -euo pipefail
# shellcheck source=ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Nothing that a machine or its user has set up for git may act on what comes in: no filters, no helpers, no hooks.
isolate() {
    local name
    for name in $(compgen -e | grep '^GIT_' || true); do unset "$name"; done
    export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=/bin/false
    export GIT_CONFIG_COUNT=0
    # A company's own certificate authority is part of how the server is reached.
    if [[ -n ${AIRUT_GIT_CA-} ]]; then export GIT_SSL_CAINFO=$AIRUT_GIT_CA; fi
}

set_for_git() { # set_for_git KEY VALUE: for this process alone; neither in a file nor on a command line
    export "GIT_CONFIG_KEY_$GIT_CONFIG_COUNT=$1" "GIT_CONFIG_VALUE_$GIT_CONFIG_COUNT=$2"
    GIT_CONFIG_COUNT=$((GIT_CONFIG_COUNT + 1))
}

log_in() { # log_in URL
    if [[ -z ${AIRUT_TOKEN-} ]]; then return; fi
    local encoded origin
    origin=$(sed -E 's#^(https?://[^/]+/).*#\1#' <<<"$1")
    encoded=$(printf '%s:%s' "${AIRUT_TOKEN_USER:-x-access-token}" "$AIRUT_TOKEN" | base64 -w0)
    set_for_git "http.$origin.extraheader" "AUTHORIZATION: basic $encoded"
}

main() {
    job_folder
    local url base head source=$AIRUT_JOB/source
    url=$(planned url) base=$(planned base) head=$(planned head)
    case $url in
    https://* | http://*) ;;
    *) die "the repository's address must begin with https://" ;;
    esac
    [[ $url != *@* ]] || die "the repository's address holds a credential; hand it over as AIRUT_TOKEN"

    isolate
    log_in "$url"
    set_for_git core.hooksPath /dev/null
    set_for_git protocol.allow never # what a submodule or a redirect would name
    set_for_git protocol.https.allow always
    set_for_git protocol.http.allow always
    set_for_git http.followRedirects initial
    set_for_git submodule.recurse false
    set_for_git fetch.recurseSubmodules false

    rm -rf "$source"
    git init --quiet --template= "$source"
    cd "$source"
    # The whole history: a merge needs the point where the two parted.
    if [[ $base == refs/heads/* ]]; then
        git fetch --quiet --no-tags --no-write-fetch-head "$url" "+$base:refs/airut/base" ||
            die "$base cannot be fetched from $url"
    else
        git fetch --quiet --no-tags --no-write-fetch-head "$url" "+$base:refs/airut/base" ||
            die "commit $base cannot be fetched from $url"
    fi
    git fetch --quiet --no-tags --no-write-fetch-head "$url" "+$head:refs/airut/head" ||
        die "commit $head cannot be fetched from $url; it may have been replaced by a later push"
    [[ $(git rev-parse refs/airut/head) == "$head" ]] || die "what was fetched is not commit $head"
    base=$(git rev-parse --verify --quiet 'refs/airut/base^{commit}') || die "the base is not a commit"
    git checkout --quiet --detach "$base"
    # From here on, and in the sandbox, the base is this commit and no longer a branch that may move.
    sed -i "s#^base=.*#base=$base#" "$AIRUT_JOB/plan"
    say "base $base, head $head"
}

main "$@"
