"""Pictures that are legal and cost whoever decodes them far more than they weigh: made here, byte by byte."""

import io
import os
import struct
import zlib

from PIL import Image


def picture(kind="PNG", size=(300, 200), color=(30, 90, 200)):
    """One like anybody's."""
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, kind)
    return out.getvalue()


def noise(size):
    """A PNG of about so many bytes: what is random cannot be compressed."""
    width = 3000
    height = size // (3 * width)
    out = io.BytesIO()
    Image.frombytes("RGB", (width, height), os.urandom(3 * width * height)).save(out, "PNG", compress_level=0)
    return out.getvalue()


# --- JPEG ---


def _segment(marker, data):
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _table(which, symbol):
    """A Huffman table with one symbol, whose code is the bit 0."""
    return _segment(0xC4, bytes([which, 1] + [0] * 15 + [symbol]))


def _bits(text):
    """Bits as a scan's data: filled up with ones, a zero after each 0xFF."""
    text += "1" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")


def jpeg_of_scans(width, height, scans):
    """A grey progressive JPEG of so many scans: the first has one bit a block; each other says of one bit of one
    coefficient that it is nowhere set, in a few bytes for all blocks, and the decoder goes over all of them. 883 is
    what a legal one can have at most: 63 coefficients of 14 bits, and the first."""
    blocks = -(-width // 8) * -(-height // 8)
    nowhere = _bits(("0" + "1" * 14) * -(-blocks // 32767))
    out = [b"\xff\xd8", _segment(0xC2, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")]
    out += [_segment(0xDB, b"\0" + b"\x01" * 64), _table(0x00, 0x00), _table(0x10, 0xE0)]
    out += [_segment(0xDA, b"\x01\x01\x00\x00\x00\x00"), _bits("0" * blocks)]
    planes = [(place, bit) for place in range(1, 64) for bit in range(13, -1, -1)]
    for place, bit in planes[: scans - 1]:
        before = bit + 1 if bit < 13 else 0
        out += [_segment(0xDA, bytes([1, 1, 0, place, place, before << 4 | bit])), nowhere]
    return b"".join([*out, b"\xff\xd9"])


# --- PNG ---


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width, height, depth=8, colour=2, interlaced=False, data=b"", extra=b""):
    """A PNG that says it is that large; data: its pixels, compressed."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + extra + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _zeros(count):
    """So many zero bytes, compressed, never all in memory."""
    packer, block, out = zlib.compressobj(9), bytes(1 << 20), []
    while count > 0:
        out.append(packer.compress(block[: min(count, len(block))]))
        count -= len(block)
    return b"".join([*out, packer.flush()])


def png_of_zeros(width, height, depth=8, colour=0, interlaced=False):
    """A whole black PNG."""
    bits = depth * {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    row = lambda pixels: 1 + -(-pixels * bits // 8) if pixels else 0
    if not interlaced:
        return png_header(width, height, depth, colour, data=_zeros(row(width) * height))
    passes = ((0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2))
    count = lambda size, start, step: max(0, -(-(size - start) // step))
    total = sum(row(count(width, x, dx)) * count(height, y, dy) for x, dx, y, dy in passes)
    return png_header(width, height, depth, colour, True, _zeros(total))
