"""Keys, by the published vectors."""

from cryptography.hazmat.primitives.asymmetric import ec

from proxy.aws import keys


def test_the_published_derivation_of_a_sigv4a_key() -> None:
    number = keys.private_number("AKISORANDOMAASORANDOM", "q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom")
    public = ec.derive_private_key(number, ec.SECP256R1()).public_key().public_numbers()
    assert f"{public.x:064x}" == "15d242ceebf8d8169fd6a8b5a746c41140414c3b07579038da06af89190fffcb"
    assert f"{public.y:064x}" == "0515242cedd82e94799482e4c0514b505afccf2c0c98d6a553bf539f424c5ec0"
