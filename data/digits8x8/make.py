"""Writes the 8x8 digits that scikit-learn ships as four IDX files, gzipped, beside this script.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install scikit-learn
    /tmp/venv/bin/python data/digits8x8/make.py

The data set's own order is kept: the first 1,437 images are for training, the last 360 for testing.
Grey values 0 to 16 become 0 to 255, the range that readers of IDX images expect: round(255 v / 16),
from which v is had back by rounding.
"""

import gzip
import struct
from pathlib import Path

from sklearn.datasets import load_digits

HERE = Path(__file__).parent
TRAIN = 1437
UNSIGNED_BYTE = 0x08


def write_idx(name, array):
    header = bytes([0, 0, UNSIGNED_BYTE, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    payload = header + array.astype("uint8").tobytes()
    # No time stamp, so that the same data give the same file.
    (HERE / f"{name}-ubyte.gz").write_bytes(gzip.compress(payload, 9, mtime=0))


digits = load_digits()
assert digits.images.shape == (1797, 8, 8)
assert digits.images.min() == 0 and digits.images.max() == 16
assert (digits.images == digits.images.astype("uint8")).all()
grey = (digits.images * 255 / 16).round()
assert ((grey * 16 / 255).round() == digits.images).all()
write_idx("train-images-idx3", grey[:TRAIN])
write_idx("train-labels-idx1", digits.target[:TRAIN])
write_idx("t10k-images-idx3", grey[TRAIN:])
write_idx("t10k-labels-idx1", digits.target[TRAIN:])
