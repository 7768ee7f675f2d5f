"""What `airut init --repo` writes into a checkout: the files by which a repository says what its sandboxes have."""

ALLOWLIST = """\
## What the sandboxes of this repository may reach, besides the model: nothing, as long as this file is empty. It counts
## as it stands on the default branch, for tasks that begin after it was merged. `airut policy check` checks it,
## `airut policy explain GET https://example.com/x` says what it decides, `airut policy presets` what presets stand for.
## A line with one # is an example: take the # away.
#presets: [pypi, npm, {name: github, access: read}]
#domains:
#  - docs.python.org
#url_prefixes:
#  - host: api.example.com
#    path: /v1/jobs/*
#    methods: [GET, POST]
#    comment: the job queue that the tests talk to
"""

DOCKERFILE = """\
## The image of this repository's sandboxes. It is built from the default branch, and again when it is a day old. Its
## steps reach package registries only (apt, pypi, npm, crates, go), unless the server's airut.yaml says otherwise.
FROM airut/base
#RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
#COPY requirements.txt /tmp/requirements.txt
#RUN pip install --break-system-packages -r /tmp/requirements.txt
"""

FILES = {".airut/network-allowlist.yaml": ALLOWLIST, ".airut/container/Dockerfile": DOCKERFILE}
