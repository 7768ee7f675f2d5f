"""What each tool is asked to do from inside a sandbox, and the allowlist that has to be enough for it.

No script turns a check of certificates off: the certificate authority is found by the tool itself or not at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.matrix.go_sums import go_sumdb
from tests.matrix.stock import GO_MODULE, HELLO, VERSION

GITHUB = "presets: [{name: github, access: write}]\n"
ECHO = "url_prefixes:\n  - {host: www.example.com}\n"
BUCKET = "airut-bucket"
VENV = "/opt/matrix/bin"


@dataclass(frozen=True)
class Tool:
    """A script, which has to end well and say `says`. `base`: the base image has the tool."""

    name: str
    allowlist: str
    script: str
    says: str = HELLO
    base: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


CURL = """
set -e
head -c 3000000 /dev/urandom >/tmp/large
try() { echo "$1 $(curl --silent --show-error --fail --output /tmp/answer --write-out '%{http_version} %{http_code}' "${@:2}")"; }
try h2 https://www.example.com/a
try h1 --http1.1 https://www.example.com/c
try head --head https://www.example.com/d
try expect --http1.1 --data-binary @/tmp/large https://www.example.com/e
try h2-body --http2 --data-binary @/tmp/large https://www.example.com/e
try chunked --http1.1 --upload-file - https://www.example.com/f </tmp/large
try compressed --compressed https://www.example.com/reflect/gzip?header=x-word -H 'X-Word: word'
try range --range 0-99 https://www.example.com/bytes/1000
curl --silent --fail --parallel --parallel-max 20 --output /dev/null --write-out '%{http_code}\n' \
  'https://www.example.com/bytes/[1000-1049]' | sort | uniq --count
"""
CURL_SAYS = """h2 2 200
h1 1.1 200
head 2 200
expect 1.1 200
h2-body 2 200
chunked 1.1 200
compressed 2 200
range 2 200
     50 200
"""

GIT = """
set -e
export GIT_TERMINAL_PROMPT=0
git clone --quiet "https://x-access-token:$GITHUB_TOKEN@github.com/acme/web" /tmp/web
cd /tmp/web
head -c 3000000 /dev/urandom >large.bin
git checkout --quiet -b matrix && git add -A && git commit --quiet -m Large
git push --quiet origin matrix
git fetch --quiet --depth 1 origin matrix
git -c protocol.version=1 ls-remote --exit-code origin matrix
git clone --quiet --depth 1 --branch matrix "https://x-access-token:$GITHUB_TOKEN@github.com/acme/web.git" /tmp/again
cmp large.bin /tmp/again/large.bin && echo same
"""

PYTHON = """
import json, urllib.request
with urllib.request.urlopen("https://www.example.com/x") as answer:
    print(json.load(answer)["method"], answer.status)
request = urllib.request.Request("https://www.example.com/x", data=b"x" * 100000, method="PUT")
with urllib.request.urlopen(request) as answer:
    print(json.load(answer)["method"], answer.status)
"""

REQUESTS = """
import requests
with requests.Session() as session:
    first = session.get("https://www.example.com/x", timeout=10)
    pieces = session.post("https://www.example.com/x", data=(b"x" * 1000 for _ in range(100)), timeout=10)
print(first.status_code, pieces.json()["method"])
"""

HTTPX = """
import asyncio, httpx
async def main():
    async with httpx.AsyncClient(http2=True) as client:
        answers = await asyncio.gather(*(client.get(f"https://www.example.com/{n}") for n in range(20)))
        async with client.stream("GET", "https://www.example.com/sse?events=3") as events:
            lines = [line async for line in events.aiter_lines() if line.startswith("event:")]
    print({a.http_version for a in answers}, {a.status_code for a in answers}, len(lines))
asyncio.run(main())
"""

NODE = """
const https = require('https');
const get = url => new Promise((resolve, reject) => https.get(url, answer => {
  let text = ''; answer.on('data', piece => text += piece); answer.on('end', () => resolve([answer.statusCode, text]));
}).on('error', reject));
(async () => {
  const fetched = await fetch('https://www.example.com/x', {method: 'POST', body: 'x'.repeat(200000)});
  const [status, text] = await get('https://www.example.com/y');
  const sent = await fetch('https://www.example.com/z', {method: 'PUT', duplex: 'half',
    body: new ReadableStream({start(c) { c.enqueue(new TextEncoder().encode('piece')); c.close(); }})});
  console.log(fetched.status, (await fetched.json()).method, status, JSON.parse(text).method, sent.status);
})();
"""

CARGO = f"""
set -e
cargo new --quiet --vcs none /tmp/app && cd /tmp/app
cargo add --quiet airut-hello@{VERSION}
echo 'fn main() {{ println!("{{}}", airut_hello::WORD); }}' >src/main.rs
cargo run --quiet
"""

GO = f"""
set -e
mkdir /tmp/app && cd /tmp/app
go mod init example.com/app 2>/dev/null
printf 'package main\\n\\nimport "{GO_MODULE}"\\n\\nfunc main() {{ println(hello.Word) }}\\n' >main.go
go get {GO_MODULE}@latest
grep -c h1: go.sum
go run . 2>&1
"""

MAVEN = f"""
set -e
mkdir /tmp/app && cd /tmp/app
cat >pom.xml <<END
<project><modelVersion>4.0.0</modelVersion>
<parent><groupId>com.example.airut</groupId><artifactId>parent</artifactId><version>{VERSION}</version></parent>
<artifactId>app</artifactId><packaging>pom</packaging>
<build><extensions><extension>
<groupId>com.example.airut</groupId><artifactId>extension</artifactId><version>{VERSION}</version>
</extension></extensions></build></project>
END
mvn --batch-mode --quiet validate
unzip -p ~/.m2/repository/com/example/airut/extension/{VERSION}/extension-{VERSION}.jar word || \
  python3 -m zipfile -e ~/.m2/repository/com/example/airut/extension/{VERSION}/extension-{VERSION}.jar /tmp/jar && cat /tmp/jar/word
"""

APT = """
set -e
for scheme in https http; do
  mkdir -p /tmp/$scheme/lists/partial /tmp/$scheme/archives/partial && cd /tmp/$scheme
  echo "deb [trusted=yes] $scheme://deb.debian.org/debian trixie main" >sources.list
  options="-q -o Dir::State::lists=$PWD/lists -o Dir::Cache=$PWD -o Dir::Etc::sourcelist=$PWD/sources.list"
  options="$options -o Dir::Etc::sourceparts=- -o Debug::NoLocking=1"
  apt-get $options update >log 2>&1 || { cat log; exit 1; }
  apt-get $options download airut-hello >log 2>&1 || { cat log; exit 1; }
  dpkg-deb --extract airut-hello_*.deb out
  echo "$scheme $(cat out/usr/share/airut-hello/word)"
done
"""

GH = """
set -e
gh api repos/acme/web --jq .full_name
gh api repos/acme/web/pulls --jq length
gh api --method POST repos/acme/web/pulls -f title=Matrix -f head=gh-branch -f base=main --jq .title
"""

AWS = f"""
set -e
export AWS_EC2_METADATA_DISABLED=true AWS_DEFAULT_REGION=us-east-1
aws s3 cp --quiet s3://{BUCKET}/stored.txt /tmp/stored.txt && cat /tmp/stored.txt
head -c 200000 /dev/urandom >/tmp/up
aws s3 cp --quiet /tmp/up s3://{BUCKET}/up
aws s3 cp --quiet s3://{BUCKET}/up /tmp/down && cmp /tmp/up /tmp/down && echo same
"""

PIP = "set -e; python3 -m venv /tmp/venv && /tmp/venv/bin/pip install --quiet airut-hello && /tmp/venv/bin/python -c 'import airut_hello; print(airut_hello.WORD)'"
UV = f"set -e; {VENV}/uv venv --quiet /tmp/venv && cd /tmp && {VENV}/uv pip install --quiet --python /tmp/venv airut-hello && /tmp/venv/bin/python -c 'import airut_hello; print(airut_hello.WORD)'"
NPM = "set -e; mkdir /tmp/app && cd /tmp/app && npm init --yes >/dev/null && npm install --silent airut-hello && npm audit && node -p \"require('airut-hello')\""

TOOLS = (
    Tool("curl", ECHO, CURL, says=CURL_SAYS, base=True),
    Tool("git", GITHUB, GIT, says="same", base=True),
    Tool("python urllib", ECHO, f"python3 -c '{PYTHON}'", says="GET 200\nPUT 200", base=True),
    Tool("pip", "presets: [pypi]\n", PIP, base=True),
    Tool("uv", "presets: [pypi]\n", UV),
    Tool("requests", ECHO, f"{VENV}/python -c '{REQUESTS}'", says="200 POST"),
    Tool("httpx", ECHO, f"{VENV}/python -c '{HTTPX}'", says="{'HTTP/2'} {200} 3"),
    Tool("node", ECHO, f'node -e "{NODE}"', says="200 POST 200 GET 200"),
    Tool("npm", "presets: [npm]\n", NPM),
    Tool("cargo", "presets: [crates]\n", CARGO),
    Tool("go", "presets: [go]\n", GO, environment={"GOSUMDB": go_sumdb(), "GOTOOLCHAIN": "local"}),
    Tool("maven", "domains: [repo.maven.apache.org]\n", MAVEN),
    Tool("apt", "presets: [apt]\n", APT, says=f"http {HELLO}", base=True),
    Tool("gh", GITHUB, GH, says="acme/web\n0\nMatrix", environment={"NO_COLOR": "1"}),
    Tool("aws", f"url_prefixes:\n  - {{host: {BUCKET}.s3.us-east-1.amazonaws.com}}\n", AWS, says=f"{HELLO}\nsame"),
)
