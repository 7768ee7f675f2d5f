#!/usr/bin/env bash
# Rootless Podman and airut-sandbox, where they are missing. Nothing of the repository under test is here yet.
#
#   AIRUT_VERSION   a released version; empty is the one that this file belongs to
set -euo pipefail
# shellcheck source=ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
CHECKOUT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
readonly CHECKOUT
readonly COMMANDS=(podman newuidmap mmdebstrap git python3)
readonly PACKAGES=(podman uidmap slirp4netns passt netavark aardvark-dns crun fuse-overlayfs mmdebstrap debian-archive-keyring git python3-venv)

missing() {
    local name
    for name in "${COMMANDS[@]}"; do
        if ! command -v "$name" >/dev/null; then echo "$name"; fi
    done
}

install_packages() {
    if [[ -z $(missing) ]]; then return; fi
    local absent root=()
    absent=$(missing | tr '\n' ' ')
    command -v apt-get >/dev/null || die "this runner has no ${absent% }: install it (docs/ci.md)"
    if ((EUID)); then
        sudo -n true 2>/dev/null || die "this runner has no ${absent% }, and this user may not install it (docs/ci.md)"
        root=(sudo -n)
    fi
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${PACKAGES[@]}" >&2
}

# A runner is no login: systemd may not have made the folder that rootless Podman works in.
runtime_folder() {
    local folder=${XDG_RUNTIME_DIR:-/run/user/$UID}
    if [[ ! -d $folder || ! -w $folder ]]; then
        folder=$AIRUT_JOB/runtime
        (umask 077 && mkdir -p "$folder")
    fi
    echo "$folder"
}

hand_on() { # hand_on NAME VALUE: to later steps
    printf '%s=%s\n' "$1" "$2" >>"${GITHUB_ENV:-$AIRUT_JOB/environment}"
}

install_command() {
    if [[ -z ${AIRUT_VERSION-} ]] && command -v airut-sandbox >/dev/null; then return; fi
    local what=$CHECKOUT
    if [[ -n ${AIRUT_VERSION-} ]]; then
        [[ $AIRUT_VERSION =~ ^[0-9][0-9A-Za-z.+-]*$ ]] || die "version is a released version, not '$AIRUT_VERSION'"
        what=airut-temporal==$AIRUT_VERSION
    fi
    # Its own Python, where the runner's is older: uv brings it.
    python3 -m venv "$AIRUT_JOB/uv"
    "$AIRUT_JOB/uv/bin/pip" install --quiet --disable-pip-version-check uv
    "$AIRUT_JOB/uv/bin/uv" venv --quiet --python 3.13 "$AIRUT_JOB/airut"
    "$AIRUT_JOB/uv/bin/uv" pip install --quiet --python "$AIRUT_JOB/airut/bin/python" "$what"
    if [[ -n ${GITHUB_PATH-} ]]; then echo "$AIRUT_JOB/airut/bin" >>"$GITHUB_PATH"; fi
}

main() {
    job_folder
    ((EUID)) || die "this job runs as root: rootless Podman needs an ordinary user (docs/ci.md)"
    install_packages
    hand_on XDG_RUNTIME_DIR "$(runtime_folder)"
    install_command
}

main "$@"
