"""The installation's root, and that clients which trust it alone accept what a proxy serves."""

import asyncio
import datetime
import multiprocessing
import shutil
import ssl
import warnings
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.verification import PolicyBuilder, Store

from airut.adapters.ca import RENEWED, ROOT_DAYS, CaError, RootCa, issue_proxy_ca, load_or_create_root
from tests.proxy.documents import PROXY, rules
from tests.proxy.fence import make_fence


def test_the_root_is_made_once(tmp_path: Path) -> None:
    first = load_or_create_root(tmp_path / "state")
    second = load_or_create_root(tmp_path / "state")
    assert first.certificate == second.certificate
    assert first.key.private_numbers() == second.key.private_numbers()
    assert (tmp_path / "state" / "root-ca.key").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["root-ca.key", "root-ca.pem"]
    basic = first.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (basic.ca, basic.path_length) == (True, 1)
    assert 3_651 <= (first.certificate.not_valid_after_utc - first.certificate.not_valid_before_utc).days <= 3_653
    assert "private" not in repr(first).lower()


def make_serial(folder: Path) -> int:
    return load_or_create_root(folder).certificate.serial_number


def test_two_processes_make_one_root(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert len(set(pool.map(make_serial, [tmp_path] * 8))) == 1


def test_files_that_do_not_belong_together(tmp_path: Path) -> None:
    load_or_create_root(tmp_path / "a")
    load_or_create_root(tmp_path / "b")
    shutil.copy(tmp_path / "a" / "root-ca.key", tmp_path / "b" / "root-ca.key")
    with pytest.raises(CaError):
        load_or_create_root(tmp_path / "b")
    (tmp_path / "b" / "root-ca.key").write_text("nonsense")
    with pytest.raises(CaError):
        load_or_create_root(tmp_path / "b")


YEARS_LATER = datetime.timedelta(days=ROOT_DAYS) - RENEWED


def test_a_root_near_its_end_has_a_successor_and_both_are_trusted(tmp_path: Path) -> None:
    old = load_or_create_root(tmp_path)
    end = old.certificate.not_valid_after_utc
    assert load_or_create_root(tmp_path, end - RENEWED - datetime.timedelta(minutes=1)) == old
    new = load_or_create_root(tmp_path, end - RENEWED)
    assert new.certificate.public_key() == new.key.public_key() != old.key.public_key()
    assert new.certificate.not_valid_after_utc > end + YEARS_LATER / 2
    assert x509.load_pem_x509_certificates(new.trusted_pem) == [new.certificate, old.certificate]
    assert load_or_create_root(tmp_path, end - datetime.timedelta(minutes=1)) == new
    assert load_or_create_root(tmp_path, end) == RootCa(new.certificate, new.key)
    assert issue_proxy_ca(new).endswith(new.certificate_pem)


@pytest.mark.parametrize("written", [["root-ca-previous.pem"], ["root-ca-previous.pem", "root-ca.key"]])
def test_a_renewal_that_was_cut_off_is_done_by_the_next_process(tmp_path: Path, written: list[str]) -> None:
    old = load_or_create_root(tmp_path / "cut")
    near = old.certificate.not_valid_after_utc - RENEWED
    shutil.copytree(tmp_path / "cut", tmp_path / "whole")
    load_or_create_root(tmp_path / "whole", near)
    for name in written:
        shutil.copy(tmp_path / "whole" / name, tmp_path / "cut" / name)
    new = load_or_create_root(tmp_path / "cut", near)
    assert new.previous == old.certificate != new.certificate
    assert load_or_create_root(tmp_path / "cut", near) == new


def test_the_issuer(tmp_path: Path) -> None:
    root = load_or_create_root(tmp_path)
    pem = issue_proxy_ca(root)
    issuing, again = x509.load_pem_x509_certificates(pem)
    assert again == root.certificate
    assert pem.count(b"PRIVATE KEY-----") == 2
    assert (issuing.not_valid_after_utc - issuing.not_valid_before_utc).days == 7
    basic = issuing.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (basic.ca, basic.path_length) == (True, 0)
    assert issue_proxy_ca(root) != pem
    with warnings.catch_warnings(action="ignore"):  # what mitmproxy's import warns of, and the proxy leaves out
        from proxy.tls import Issuer
    issuer = Issuer(pem, tmp_path / "chain.pem")
    leaf = issuer.entry("api.test").cert.to_cryptography()
    verifier = PolicyBuilder().store(Store([root.certificate])).build_server_verifier(x509.DNSName("api.test"))
    assert len(verifier.verify(leaf, [issuing])) == 3
    assert leaf.not_valid_after_utc <= issuing.not_valid_after_utc
    key = serialization.load_pem_private_key(pem, None)
    assert leaf.public_key() != key.public_key()


CLIENTS = {
    "curl": "curl -sS --cacert {root} --resolve any.test:{port}:{host} https://any.test:{port}/",
    "openssl": "openssl s_client -verify_return_error -CAfile {root} -no-CApath -servername any.test "
    "-verify_hostname any.test -connect {host}:{port} -x509_strict </dev/null",
    "node": "NODE_EXTRA_CA_CERTS={root} node -e \"require('https').get("
    "{{host:'{host}',port:{port},servername:'any.test',headers:{{host:'any.test:{port}'}}}},"
    "r=>{{console.log(r.statusCode);process.exit(0)}}).on('error',e=>{{console.error(e);process.exit(1)}})\"",
    "git": "GIT_SSL_CAINFO={root} git -c http.curloptResolve=any.test:{port}:{host} ls-remote https://any.test:{port}/x",
}


@pytest.mark.parametrize("name", CLIENTS)
async def test_clients_that_trust_the_root_alone(tmp_path: Path, name: str) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    fence = await make_fence(tmp_path)
    await fence.start(rules())
    command = CLIENTS[name].format(root=tmp_path / "ca" / "root-ca.pem", host=PROXY, port=fence.https)
    process = await asyncio.create_subprocess_shell(
        command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output = (await process.communicate())[0].decode()
    await fence.stop()
    # 421: the test's port is not the one that it stands for. An answer at all is what the certificate is for.
    proof = {"curl": "request_id", "openssl": "Verify return code: 0 (ok)", "node": "421", "git": "421"}[name]
    assert proof in output, output


async def test_another_root_is_not_enough(tmp_path: Path) -> None:
    fence = await make_fence(tmp_path)
    await fence.start(rules())
    other = load_or_create_root(tmp_path / "other")
    context = ssl.create_default_context(cadata=other.certificate_pem.decode())
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.open_connection(PROXY, fence.https, ssl=context, server_hostname="any.test")
    await fence.stop()
