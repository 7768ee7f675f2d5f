#!/usr/bin/env bash
# Remove the checkout that untrusted code has been in. Nothing on this side ever looks into it: a later job on the same
# runner must not find its hooks, its configuration or its links.
set -euo pipefail
# shellcheck source=ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

main() {
    job_folder
    local source=$AIRUT_JOB/source
    if [[ ! -e $source && ! -L $source ]]; then return; fi
    # A command may have taken away its own right to write in folders; find does not follow links.
    find "$source" -xdev -type d ! -perm -u+rwx -exec chmod u+rwx {} + 2>/dev/null || true
    if rm -rf --one-file-system "$source" 2>/dev/null; then return; fi
    # What root inside has left belongs to another uid out here: it goes in the user namespace that it came from.
    podman unshare rm -rf --one-file-system "$source" || die "$source cannot be removed: remove it by hand before the next job"
}

main "$@"
