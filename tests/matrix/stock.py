"""One small package in each of the registries' own formats, as files below `folder/HOST`."""

import base64
import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

HELLO = "hello from a package"
VERSION = "1.0.0"


def stock(folder: Path) -> tuple[str, ...]:
    """Writes all of them; the hosts that they stand for."""
    for write in (_pypi, _npm, _crates, _go, _apt, _maven, _objects):
        write(folder)
    return tuple(sorted(place.name for place in folder.iterdir()))


def _write(folder: Path, place: str, data: bytes | str) -> None:
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def _pypi(folder: Path) -> None:
    name = f"airut_hello-{VERSION}-py3-none-any.whl"
    about = f"airut_hello-{VERSION}.dist-info"
    files = {
        "airut_hello.py": f"WORD = {HELLO!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: airut-hello\nVersion: {VERSION}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: airut\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [
        f"{path},sha256={_url64(hashlib.sha256(text.encode()).digest())},{len(text)}" for path, text in files.items()
    ]
    wheel = _zip({**files, f"{about}/RECORD": "\n".join([*record, f"{about}/RECORD,,", ""])})
    _write(folder, f"files.pythonhosted.org/packages/{name}", wheel)
    link = f"https://files.pythonhosted.org/packages/{name}#sha256={hashlib.sha256(wheel).hexdigest()}"
    page = f'<!DOCTYPE html><html><body><a href="{link}">{name}</a></body></html>'
    _write(folder, "pypi.org/simple/airut-hello/index.html", page)


def _npm(folder: Path) -> None:
    about = {"name": "airut-hello", "version": VERSION, "main": "index.js"}
    files = {"package/package.json": json.dumps(about), "package/index.js": f"module.exports = {json.dumps(HELLO)}\n"}
    archive = _tar(files)
    place = f"registry.npmjs.org/airut-hello/-/airut-hello-{VERSION}.tgz"
    _write(folder, place, archive)
    dist = {
        "tarball": f"https://{place}",
        "shasum": hashlib.sha1(archive).hexdigest(),
        "integrity": "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode(),
    }
    document = {"name": "airut-hello", "dist-tags": {"latest": VERSION}, "versions": {VERSION: {**about, "dist": dist}}}
    _write(folder, "registry.npmjs.org/airut-hello/index.json", json.dumps(document))
    # What `npm install` asks for by itself: known faults of what it installed.
    _write(folder, "registry.npmjs.org/-/npm/v1/security/advisories/bulk/index.json", "{}")


def _crates(folder: Path) -> None:
    manifest = f'[package]\nname = "airut-hello"\nversion = "{VERSION}"\nedition = "2021"\n'
    source = f"pub const WORD: &str = {json.dumps(HELLO)};\n"
    top = f"airut-hello-{VERSION}"
    archive = _tar({f"{top}/Cargo.toml": manifest, f"{top}/src/lib.rs": source})
    _write(folder, f"static.crates.io/crates/airut-hello/{VERSION}/download", archive)
    entry = {
        "name": "airut-hello", "vers": VERSION, "deps": [], "features": {}, "yanked": False,
        "cksum": hashlib.sha256(archive).hexdigest(),
    }  # fmt: skip
    _write(folder, "index.crates.io/ai/ru/airut-hello", json.dumps(entry) + "\n")
    config = {"dl": "https://static.crates.io/crates", "api": "https://crates.io"}
    _write(folder, "index.crates.io/config.json", json.dumps(config))


GO_MODULE = "example.com/hello"


def _go(folder: Path) -> None:
    from tests.matrix.go_sums import sum_database

    below = f"{GO_MODULE}@v{VERSION}"
    module = f"module {GO_MODULE}\n"
    files = {f"{below}/go.mod": module, f"{below}/hello.go": f"package hello\n\nconst Word = {json.dumps(HELLO)}\n"}
    place = f"proxy.golang.org/{GO_MODULE}/@v"
    _write(folder, f"{place}/list", f"v{VERSION}\n")
    _write(folder, f"{place}/v{VERSION}.info", json.dumps({"Version": f"v{VERSION}", "Time": "2026-01-01T00:00:00Z"}))
    _write(folder, f"{place}/v{VERSION}.mod", module)
    _write(folder, f"{place}/v{VERSION}.zip", _zip(files))
    for path, data in sum_database(GO_MODULE, f"v{VERSION}", module, files).items():
        _write(folder, f"sum.golang.org{path}", data)


def _apt(folder: Path) -> None:
    control = f"Package: airut-hello\nVersion: {VERSION}\nArchitecture: all\nMaintainer: A <a@example.com>\nDescription: hello\n"
    data = _tar({"./usr/share/airut-hello/word": HELLO + "\n"})
    package = _ar({"debian-binary": b"2.0\n", "control.tar.gz": _tar({"./control": control}), "data.tar.gz": data})
    name = f"pool/main/a/airut-hello/airut-hello_{VERSION}_all.deb"
    top = "deb.debian.org/debian"
    _write(folder, f"{top}/{name}", package)
    listing = (
        f"{control}Filename: {name}\nSize: {len(package)}\nSHA256: {hashlib.sha256(package).hexdigest()}\n\n".encode()
    )
    suite = f"{top}/dists/trixie"
    sums = []
    for path, content in {"Packages": listing, "Packages.gz": gzip.compress(listing)}.items():
        place = f"main/binary-amd64/{path}"
        _write(folder, f"{suite}/{place}", content)
        sums.append(f" {hashlib.sha256(content).hexdigest()} {len(content)} {place}")
    release = "Origin: Debian\nSuite: stable\nCodename: trixie\nArchitectures: amd64\nComponents: main\nSHA256:\n"
    _write(folder, f"{suite}/Release", release + "\n".join([*sums, ""]))


def _maven(folder: Path) -> None:
    top = "repo.maven.apache.org/maven2/com/example/airut"
    identity = "<groupId>com.example.airut</groupId><artifactId>{}</artifactId><version>" + VERSION + "</version>"
    artifacts: dict[str, bytes] = {}
    for name, packaging in (("parent", "pom"), ("extension", "jar")):
        head = "<project><modelVersion>4.0.0</modelVersion>"
        pom = f"{head}{identity.format(name)}<packaging>{packaging}</packaging></project>"
        artifacts[f"{top}/{name}/{VERSION}/{name}-{VERSION}.pom"] = pom.encode()
    artifacts[f"{top}/extension/{VERSION}/extension-{VERSION}.jar"] = _zip({"word": HELLO})
    for path, data in artifacts.items():
        _write(folder, path, data)
        _write(folder, f"{path}.sha1", hashlib.sha1(data).hexdigest())


def _objects(folder: Path) -> None:
    _write(folder, "airut-bucket.s3.us-east-1.amazonaws.com/stored.txt", HELLO + "\n")


def _zip(files: Mapping[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return made.getvalue()


def _tar(files: Mapping[str, str]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return made.getvalue()


def _ar(members: Mapping[str, bytes]) -> bytes:
    """deb(5): an archive of ar(5), each member padded to an even length."""
    made = b"!<arch>\n"
    for name, data in members.items():
        made += (
            f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
        )
    return made


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
