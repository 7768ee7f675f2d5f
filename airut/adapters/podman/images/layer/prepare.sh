#!/bin/sh
# Turns any image that has sh, git and python3 into one that the agent can run in. Runs once, as root, in the build.
set -eu
missing() {
    echo "the image has no $1; add it to the Dockerfile" >&2
    exit 1
}
command -v git >/dev/null || missing git
command -v python3 >/dev/null || missing python3

# The user 1000, whatever the image called it. Files and not useradd, which many images do not have.
for file in passwd group; do
    touch "/etc/$file"
    { grep -v -e '^[^:]*:[^:]*:1000:' -e '^agent:' "/etc/$file" || true; } >"/etc/$file.new"
    cat "/etc/$file.new" >"/etc/$file" && rm "/etc/$file.new"
done
echo 'agent:x:1000:1000:agent:/home/agent:/bin/sh' >>/etc/passwd
echo 'agent:x:1000:' >>/etc/group
mkdir -p /home/agent/.claude /workspace /inbox /outbox /storage /opt/claude /run/airut /etc/airut
chown -R 1000:1000 /home/agent /workspace /outbox /storage

# What a build has left of the files that it had here, closed to everybody.
umask 022
rm -f /etc/airut/ca-bundle.pem /etc/airut/apt.conf

# Tools read one of these: the image's own authorities and ours. The first that exists is the model for all.
cd /opt/airut
for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem /etc/ssl/ca-bundle.pem; do
    if [ -s "$bundle" ]; then
        cat "$bundle" root.pem >/etc/airut/ca-bundle.pem
        break
    fi
done
[ -s /etc/airut/ca-bundle.pem ] || cp root.pem /etc/airut/ca-bundle.pem
for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem /etc/ssl/ca-bundle.pem; do
    if [ -s "$bundle" ]; then cat /etc/airut/ca-bundle.pem >"$bundle"; fi
done
[ -e /etc/ssl/certs/ca-certificates.crt ] || { mkdir -p /etc/ssl/certs && cp /etc/airut/ca-bundle.pem /etc/ssl/certs/ca-certificates.crt; }

# Java has a store of its own, which takes one certificate at a time.
if command -v keytool >/dev/null; then
    roots=$(mktemp -d)
    ROOTS=$roots python3 -c '
import os, re
for number, pem in enumerate(re.findall("-----BEGIN C.*?END CERTIFICATE-----", open("root.pem").read(), re.S)):
    open(os.environ["ROOTS"] + "/%d.pem" % number, "w").write(pem)'
    for store in /etc/ssl/certs/java/cacerts /etc/pki/java/cacerts /usr/lib/jvm/*/lib/security/cacerts \
        "${JAVA_HOME:-/nowhere}/lib/security/cacerts"; do
        [ -s "$store" ] || continue
        for root in "$roots"/*.pem; do
            said=$(keytool -importcert -noprompt -storepass changeit -keystore "$store" -file "$root" \
                -alias "airut-$(basename "$root" .pem)" 2>&1) || case $said in
            *"already exists"*) ;; # two of these paths are often one file
            *) echo "$store does not take our certificate: $said" >&2 ;;
            esac
        done
    done
    rm -r "$roots"
fi

git config --system user.name >/dev/null || git config --system user.name 'Airut agent'
git config --system user.email >/dev/null || git config --system user.email 'agent@sandbox.invalid'
git config --system init.defaultBranch main
git config --system advice.detachedHead false
git config --system --add safe.directory /workspace

ln -sf "$(command -v python3)" /opt/airut/python
/opt/airut/python -ISE -c '
import py_compile
py_compile.compile("/opt/airut/entrypoint.py", cfile="/opt/airut/entrypoint.pyc", doraise=True)
py_compile.compile("/opt/airut/attached.py", doraise=True)
py_compile.compile("/opt/airut/sinks.py", doraise=True)'
