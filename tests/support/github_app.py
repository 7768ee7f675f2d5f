"""A GitHub App's key, and what the lab's api.github.com has seen of who uses it."""

import os
import ssl
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from airut.demo.forge import INSPECT, ForgeState

KEY = rsa.generate_private_key(65_537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


async def forge_state() -> ForgeState:
    """What the hosted forge has seen; whoever asks without a token may look."""
    trusting = ssl.create_default_context(cafile=Path(os.environ["AIRUT_LAB_CA_DIR"]) / "ca.pem")
    async with httpx.AsyncClient(verify=trusting, trust_env=False) as client:
        return ForgeState.model_validate_json((await client.get(f"https://api.github.com{INSPECT}")).content)
