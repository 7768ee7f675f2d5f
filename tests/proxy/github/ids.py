"""Makes node ids in both forms, independently of what reads them."""

import base64


def packed(*parts: int | str) -> bytes:
    """A MessagePack array (https://msgpack.org), integers in their shortest form."""
    return bytes([0x90 | len(parts)]) + b"".join(_number(p) if isinstance(p, int) else _text(p.encode()) for p in parts)


def _number(value: int) -> bytes:
    if value < 128:
        return bytes([value])
    head, size = next((h, s) for h, s in ((0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8)) if value < 256**s)
    return bytes([head]) + value.to_bytes(size)


def _text(data: bytes) -> bytes:
    if len(data) < 32:
        return bytes([0xA0 | len(data)]) + data
    return (b"\xd9" + len(data).to_bytes(1) if len(data) < 256 else b"\xda" + len(data).to_bytes(2)) + data


def new(prefix: str, *parts: int | str) -> str:
    """The form of now: `I_kwDO…`."""
    return f"{prefix}_{base64.urlsafe_b64encode(packed(*parts)).decode().rstrip('=')}"


def old(kind: str, key: str) -> str:
    """The older form: base64 of `010:Repository7`."""
    return base64.b64encode(f"0{len(kind)}:{kind}{key}".encode()).decode()
