"""Writes golden/heic: small HEIC and AVIF files. Needs heif-enc (Debian's libheif-examples) and Pillow.

up.*: 48x32, a bright spot at (39.5, 7.5) on dark blue. turned.heic is what a phone writes: the pixels lie on their side, an
irot box turns them, and EXIF says the same once more. half.heic: the left half is transparent over black.
"""

import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image


def spot():
    y, x = np.mgrid[0:32, 0:48]
    near = np.exp(-((x - 39.5) ** 2 + (y - 7.5) ** 2) / 12.5)[..., None]
    return np.rint(np.array((20, 20, 60)) * (1 - near) + 250 * near).astype(np.uint8)


def boxes(data):
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + size]
        at += size


def box(kind, body):
    return struct.pack(">I4s", len(body) + 8, kind) + body


def with_irot(data, angle):
    """`angle` quarter turns, counter-clockwise, for the primary item; offsets behind the grown meta box follow."""

    parts = list(boxes(data))
    meta = dict(parts)[b"meta"]
    primary = struct.unpack(">H", dict(boxes(meta[4:]))[b"pitm"][4:])[0]

    def properties(body):
        inner = dict(boxes(body))
        index = len(list(boxes(inner[b"ipco"]))) + 1
        old, at = inner[b"ipma"], 8
        ipma = bytearray(old[:8])  # version, flags, how many items
        for _ in range(struct.unpack_from(">I", old, 4)[0]):
            item, count = struct.unpack_from(">HB", old, at)
            links = old[at + 3 : at + 3 + count] + (bytes([0x80 | index]) if item == primary else b"")
            ipma += struct.pack(">HB", item, len(links)) + links
            at += 3 + count
        return box(b"ipco", inner[b"ipco"] + box(b"irot", bytes([angle]))) + box(b"ipma", bytes(ipma))

    grown = b""
    for kind, body in boxes(meta[4:]):
        grown += box(kind, properties(body) if kind == b"iprp" else body)
    more = len(grown) + 4 - len(meta)
    result = b""
    for kind, body in boxes(grown):
        if kind == b"iloc":
            body = bytearray(body)
            assert body[0] == 1 and bytes(body[4:6]) == b"\x44\x40", "version 1, numbers of four bytes"
            at = 8
            for _ in range(struct.unpack_from(">H", body, 6)[0]):
                in_file = struct.unpack_from(">H", body, at + 2)[0] & 15 == 0
                extents = struct.unpack_from(">H", body, at + 10)[0]
                at += 12
                for _ in range(extents):
                    if in_file:
                        struct.pack_into(">I", body, at, struct.unpack_from(">I", body, at)[0] + more)
                    at += 8
            body = bytes(body)
        result += box(kind, body)
    return b"".join(box(kind, meta[:4] + result if kind == b"meta" else body) for kind, body in parts)


def main():
    encoder = sys.argv[1] if len(sys.argv) > 1 else "heif-enc"
    out = pathlib.Path(__file__).parent / "heic"
    out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)

        def encode(picture, name, *more, **save):
            source = folder / f"source.{'jpg' if save else 'png'}"
            picture.save(source, **save)
            subprocess.run([encoder, "-q", "95", *more, source, "-o", out / name], check=True)

        up = spot()
        encode(Image.fromarray(up), "up.heic")
        encode(Image.fromarray(up), "up.avif", "-A")
        exif = b"Exif\0\0II*\0" + struct.pack("<IHHHIII", 8, 1, 0x0112, 3, 1, 6, 0)
        lying = Image.fromarray(np.rot90(up, 1).copy())
        encode(lying, "turned.heic", quality=100, subsampling=0, exif=exif)
        turned = out / "turned.heic"
        turned.write_bytes(with_irot(turned.read_bytes(), 3))
        alpha = np.full(up.shape[:2], 255, np.uint8)
        alpha[:, :24] = 0
        encode(Image.fromarray(np.dstack([up, alpha])), "half.heic")


if __name__ == "__main__":
    main()
