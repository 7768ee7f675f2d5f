# What the scripts beside this file share: where things are, who runs them, and how they talk. Sourced, never run.
# shellcheck shell=bash

readonly AIRUT_USER_NAME=airut
readonly STATE=/opt/airut # ours alone: interpreter, caches, mirrors of checkouts

# The checkout that this script belongs to, as its owner sees it.
CHECKOUT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
readonly CHECKOUT

# Variables of the caller that mean something to us; everything else stays outside.
readonly HANDED_ON=(CI TERM COLUMNS NO_COLOR FORCE_COLOR PYTEST_ADDOPTS)
# Registries behind a company's proxy or certificate authority: for what runs in the machine's real network.
readonly NETWORK_SETTINGS=(
    SSL_CERT_FILE CURL_CA_BUNDLE REQUESTS_CA_BUNDLE PIP_CERT NODE_EXTRA_CA_CERTS GIT_SSL_CAINFO
    PIP_INDEX_URL UV_DEFAULT_INDEX npm_config_registry
    http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY
)
# A real key is for the demo in the real network; the lab's model is a stand-in and wants none.
readonly REAL_KEYS=(ANTHROPIC_API_KEY CLAUDE_CODE_OAUTH_TOKEN)

say() { printf '[%s] %s\n' "${0##*/}" "$*" >&2; }
die() {
    say "error: $*"
    exit 1
}

# Root makes the user, the namespaces and the mounts; nothing else of ours runs as root.
become_root() { # become_root SCRIPT ARGS…
    if ((EUID == 0)); then return; fi
    command -v sudo >/dev/null || die "run this as root, or install sudo"
    local keep
    keep=$(IFS=,; echo "${HANDED_ON[*]},${NETWORK_SETTINGS[*]},${REAL_KEYS[*]}")
    keep+=$(compgen -e | sed -n 's/^AIRUT_/,&/p' | tr -d '\n')
    exec sudo --preserve-env="$keep" -- "$@"
}

# The unprivileged user's numbers and folders, for the scripts that source this.
# shellcheck disable=SC2034
load_user() {
    local entry
    entry=$(getent passwd "$AIRUT_USER_NAME") || die "there is no user '$AIRUT_USER_NAME' yet: run scripts/setup"
    IFS=: read -r _ _ USER_ID GROUP_ID _ USER_HOME _ <<<"$entry"
    USER_RUNTIME=/run/user/$USER_ID
    STORES=$USER_HOME/.local/share/airut/stores
}

# Run as the unprivileged user, with the environment that is there.
as_user() { setpriv --reuid "$USER_ID" --regid "$GROUP_ID" --init-groups -- "$@"; }

# A checkout below /root, in somebody's closed home or in a 0700 folder cannot be read by the unprivileged user:
# it then works on a mirror. Needs load_user.
find_root() {
    if as_user test -r "$CHECKOUT/pyproject.toml" 2>/dev/null; then
        ROOT=$CHECKOUT
    else
        ROOT=$STATE/src/$(printf %s "$CHECKOUT" | sha256sum | cut -c1-12)
    fi
}

# Bring the mirror up to date; a no-op where the checkout itself is used. The mirror has an environment of its own.
# A file that did not change is left alone: another lab of the same checkout may be running there.
refresh_mirror() {
    if [[ $ROOT == "$CHECKOUT" ]]; then return; fi
    mkdir -p "$STATE/src"
    exec 6>"$STATE/src/.lock" # one at a time: the next one finds nothing to do
    flock 6
    rsync -rlpt --delete --chmod=u+rwX,go+rX,go-w --exclude=/.venv --exclude=/build --exclude=__pycache__ --exclude='.*_cache' \
        "$CHECKOUT/" "$ROOT/"
    exec 6>&-
}

# Replace a file by what comes in, in one step and only if it differs: another lab may be reading it.
put() { # put FILE
    local new
    new=$(mktemp "$1.XXXXXX")
    cat >"$new"
    chmod 0644 "$new"
    if cmp -s "$new" "$1"; then rm -f "$new"; else mv "$new" "$1"; fi
}

# Wait for a background process to the end, through any number of traps, and return its exit code.
await() { # await CHILD
    local code again
    while :; do
        code=0
        wait "$1" || code=$?
        # Above 128 it was a trap that ended the wait, or a signal that ended the child. The shell's own list knows which;
        # a process of that number may be anybody's by now.
        if ((code <= 128)) || ! jobs -pr | grep -qx "$1"; then break; fi
    done
    if ((code > 128)); then # the trap's code, perhaps: ask for the child's own, which is 127 when it was told already
        again=0
        wait "$1" 2>/dev/null || again=$?
        if ((again != 127)); then code=$again; fi
    fi
    return "$code"
}

# Where cgroup v2 is: the whole tree, a corner of a mixed one, or nowhere.
cgroup2_root() {
    local place
    for place in /sys/fs/cgroup /sys/fs/cgroup/unified; do
        if [[ $(stat -fc %T "$place" 2>/dev/null) == cgroup2fs ]]; then
            echo "$place"
            return
        fi
    done
}
