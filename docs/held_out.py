"""Writes a folder for --data whose test set is 10,000 training images of MNIST (docs/recipes.md).

    python3 docs/held_out.py         # from the root of the repository, after cargo xtask fetch-data
"""

import numpy as np, pathlib
source, folder = pathlib.Path("data/mnist"), pathlib.Path("held-out")
folder.mkdir()
order = np.random.default_rng(20).permutation(60000)  # tail: np.arange(60000)[::-1]; head: np.arange(60000)
for name, rows in [("t10k", np.sort(order[:10000])), ("train", np.sort(order[10000:]))]:
    for kind, head, width in [("images-idx3", 16, 784), ("labels-idx1", 8, 1)]:
        raw = (source / f"train-{kind}-ubyte").read_bytes()
        sizes = np.array([len(rows)], ">u4").tobytes()
        body = np.frombuffer(raw[head:], np.uint8).reshape(-1, width)[rows].tobytes()
        (folder / f"{name}-{kind}-ubyte").write_bytes(raw[:4] + sizes + raw[8:head] + body)
