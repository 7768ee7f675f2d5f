# Everything that is here because of how one machine is, not because of what Airut is. Each has its condition and its
# reason; on an ordinary machine none applies. Sourced by setup and lab-inside after lib.sh.
# shellcheck shell=bash

# --- for scripts/setup ---------------------------------------------------------------------------------------------

# Some virtual machines and containers leave the device nodes at 0600 root; slirp4netns (every bridge network) and
# fuse-overlayfs need to open them.
workaround_device_modes() {
    local node
    for node in /dev/net/tun /dev/fuse; do
        if [[ -c $node ]] && ! as_user test -w "$node"; then
            chmod 0666 "$node"
            say "work-around: $node was closed to ordinary users"
        fi
    done
}

# An interpreter in root's home (pyenv, or uv run by root earlier) cannot be read by the unprivileged user: use a copy.
# Prints the interpreter to use.
workaround_unreadable_interpreter() { # workaround_unreadable_interpreter PYTHON VERSION
    local python version=$2 prefix copy
    python=$(readlink -f "$1")
    if as_user test -x "$python" 2>/dev/null; then
        echo "$python"
        return
    fi
    copy=$STATE/python-$version
    if ! as_user "$copy/bin/python$version" -c '' 2>/dev/null; then
        say "work-around: $python is not readable by $AIRUT_USER_NAME, copying it to $copy"
        prefix=$(dirname "$(dirname "$python")")
        rm -rf "$copy" && mkdir -p "$copy/lib"
        cp -a "$prefix/bin" "$prefix/include" "$copy/"
        tar -C "$prefix/lib" --exclude="./python$version/test" --exclude=__pycache__ --exclude=./*.a -cf - . | tar -C "$copy/lib" -xf -
        chmod -R go+rX "$copy"
        # A shared libpython is found through an absolute path in the binary, which points back into the closed folder.
        if ! as_user "$copy/bin/python$version" -c '' 2>/dev/null; then
            install_packages patchelf
            patchelf --set-rpath "\$ORIGIN/../lib" "$copy/bin/python$version"
        fi
        as_user "$copy/bin/python$version" -c '' || die "the copied interpreter $copy does not start"
    fi
    echo "$copy/bin/python$version"
}

# Lines for containers.conf.
workaround_containers_conf() {
    # Without CAP_SYS_RESOURCE nobody here can raise a limit, and Podman's defaults ask for more than there is.
    if ! (($((16#$(sed -n 's/^CapEff:\t//p' /proc/self/status))) >> 24 & 1)); then
        printf '[containers]\ndefault_ulimits = ["nofile=%s:%s"]\n' "$(ulimit -Hn)" "$(ulimit -Hn)"
    fi
    # In a mixed cgroup tree the v2 half has no controllers and the limits are v1's, which crun does not combine.
    # The wrapper sets them there.
    if [[ $(cgroup2_root) == */unified ]]; then
        if ! cmp -s "$CHECKOUT/scripts/crun-v1" "$STATE/bin/crun"; then
            install -D -m 0755 "$CHECKOUT/scripts/crun-v1" "$STATE/bin/crun.new" && mv "$STATE/bin/crun.new" "$STATE/bin/crun"
        fi
        printf '[engine.runtimes]\ncrun = ["%s"]\n' "$STATE/bin/crun"
    fi
}

# --- for scripts/lab-inside ----------------------------------------------------------------------------------------

# A mixed cgroup tree: crun refuses it, so that this mount namespace shows cgroup v2 only; the v1 controllers that
# carry the limits stay within reach of the wrapper. Needs CGROUP (ours, below the v2 root).
workaround_mixed_cgroups() {
    if [[ $(cgroup2_root) != */unified ]]; then return; fi
    local controller ours
    for controller in memory pids cpu; do
        ours=/sys/fs/cgroup/$controller/$CGROUP
        if mkdir -p "$ours" 2>/dev/null; then
            find "$ours" -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null || true
            chown -R "$USER_ID:$GROUP_ID" "$ours"
            mkdir -p "/run/airut/cgroup1/$controller"
            mount --bind "$ours" "/run/airut/cgroup1/$controller"
        fi
    done
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
}

# Builds go through a certificate authority of this machine's own, which no image knows: its bundle is mounted into
# builds, never baked in. Prints variables.
workaround_build_ca() {
    local bundle=${SSL_CERT_FILE:-${CURL_CA_BUNDLE:-${NODE_EXTRA_CA_CERTS:-}}}
    if [[ -n $bundle && -r $bundle ]]; then
        echo "AIRUT_BUILD_CA=$bundle"
    fi
}
