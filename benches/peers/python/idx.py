"""Images and labels from IDX files, plain or gzip."""

import gzip
import math
from pathlib import Path

import numpy as np

UNSIGNED_BYTE = 8


def read_set(folder, name):
    """Reads the set `train` or `t10k`: images as float32 (count, pixels) from 0 to 1, labels as int64."""
    images = read_idx(folder, f"{name}-images-idx3-ubyte")
    labels = read_idx(folder, f"{name}-labels-idx1-ubyte")
    if len(images) != len(labels) or len(labels) == 0:
        raise ValueError(f"{name}: {len(images)} images, {len(labels)} labels")
    images = images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
    return images, labels.astype(np.int64)


def read_idx(folder, name):
    """Reads the array of one file."""
    path = Path(folder) / name
    packed = path.with_name(name + ".gz")
    content = path.read_bytes() if path.exists() else gzip.decompress(packed.read_bytes())
    return parse(content, name)


def parse(content, name):
    """Parses the bytes of a file."""
    if len(content) < 4 or content[:3] != bytes([0, 0, UNSIGNED_BYTE]):
        raise ValueError(f"{name}: not IDX of unsigned bytes")
    start = 4 + 4 * content[3]
    shape = [int(size) for size in np.frombuffer(content[4:start], ">u4")]
    if len(shape) != content[3] or math.prod(shape) != len(content) - start:
        raise ValueError(f"{name}: {len(content)} bytes do not fit the sizes {shape}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
