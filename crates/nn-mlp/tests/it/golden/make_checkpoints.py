"""Writes numbers.nn, images.nn and checkpoint.nn byte by byte, from the description of format 1 alone.

    python make_checkpoints.py

The envelope is described in src/file/envelope.rs, the order of the payload in src/file/checkpoint.rs. Integers and lengths are
u64, variants of enums u32, an option is a byte (0 or 1) before its value, floats are IEEE 754, all little-endian. A
description is JSON, as a sequence of bytes. The files are never to change: they stand for all files of the format.
"""

import json
import pathlib
import struct
import zlib

HERE = pathlib.Path(__file__).parent

integer = lambda value: struct.pack("<Q", value)
variant = lambda value: struct.pack("<I", value)
double = lambda value: struct.pack("<d", value)
sequence = lambda items: integer(len(items)) + b"".join(items)
octets = lambda data: sequence([bytes([byte]) for byte in data])
singles = lambda values: variant(0) + sequence([struct.pack("<f", v) for v in values])
doubles = lambda values: variant(1) + sequence([double(v) for v in values])
some = lambda value: b"\x01" + value
NONE = b"\x00"


def envelope(requires, description, members, training):
    text = json.dumps(description, separators=(",", ":")).encode()
    payload = sequence([octets(name.encode()) for name in requires]) + octets(text)
    payload += sequence(members) + training
    head = b"\x89nnc\r\n\x1a\n" + struct.pack("<IQ", 1, len(payload))
    return head + struct.pack("<I", zlib.crc32(head + payload)) + payload


def linear(weight, bias):
    return weight + bias


def network(layers, norms=()):
    return sequence(layers) + sequence(norms)


def architecture(inputs, hidden, outputs, activation):
    return {
        "inputs": inputs,
        "hidden": hidden,
        "outputs": outputs,
        "activation": activation,
        "output-activation": "identity",
    }


def describe(task, loss, shape, input_range, scaler, names, views, members, training=None):
    """Fields in the order in which they are written."""
    return {
        "task": task,
        "loss": loss,
        "sample-shape": shape,
        "input-range": input_range,
        "scaler": scaler,
        "class-names": names,
        "views": dict(zip(("shifts", "copies", "strength"), views)),
        "members": [
            {"architecture": form, "transforms": transforms} for form, transforms in members
        ],
        "training": training,
    }


ONE_VIEW = (0, 0, 0.25)


def small_layers(numbers):
    return [
        linear(numbers([0.5, -1.5, 2.0, 0.25, -0.125, 3.0]), numbers([0.0, 1.0, -1.0])),
        linear(numbers([1.0, -2.0, 0.75]), numbers([0.1])),
    ]


def of_numbers():
    """A regression on two standardised numbers, with batch normalisation, in double precision."""
    norm = b"".join(doubles([1.0 + step] * 3) for step in (0.0, 0.25, 0.5, 0.75))
    description = describe(
        "regression",
        "squared-error",
        [2],
        {"kind": "numbers", "low": -1.5, "high": 2.5},
        {"kind": "standardise", "mean": [1.0, 200.0], "deviation": [0.5, 40.0]},
        [],
        ONE_VIEW,
        [(architecture(2, [3], 1, "tanh"), [])],
    )
    members = [network(small_layers(doubles), [norm])]
    return envelope(["batch-norm", "scaler"], description, members, NONE)


def of_images():
    """Two networks on images of 5 x 4 pixels, each with transforms of its own, tested in nine views."""
    augment = {"kind": "augment", "rotation": 10.0, "scale": 0.0, "shear": 0.0, "shift": 0.5}
    augment |= {"elastic": 0.0, "sigma": 5.0, "fade": 0.0, "fade-to": 0.0}
    features = {"kind": "gradient-features", "sqrt": True, "second-order": False}
    description = describe(
        "classification",
        "cross-entropy",
        [5, 4],
        {"kind": "bytes"},
        None,
        ["left", "right"],
        (1, 0, 0.5),
        [
            (architecture(769, [], 2, "relu"), [{"kind": "deskew"}, features]),
            (architecture(20, [1], 2, "relu"), [augment]),
        ],
    )
    wide = [index / 8.0 - 40.0 for index in range(2 * 769)]
    first = network([linear(singles(wide), singles([0.5, -0.5]))])
    second = network([
        linear(singles([index / 4.0 for index in range(20)]), singles([1.0])),
        linear(singles([2.0, -2.0]), singles([0.0, 0.25])),
    ])
    requires = [
        "augment", "class-names", "deskew", "gradient-features", "several-members", "test-views",
    ]
    return envelope(requires, description, [first, second], NONE)


def under_way():
    """A training after its seventh step, with early stopping and a moving average."""
    settings = {
        "network": {"hidden": [3], "activation": "tanh"},
        "training": {
            "loss": "squared-error", "epochs": 5, "batch": 4, "patience": 3, "validation": 0.25,
            "max-norm": 2.0, "average": 0.75,
        },
    }
    config = {
        "loss": "squared-error",
        "optimizer": {"name": "adam", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
        "learning-rate": 0.1,
        "schedule": {"curve": {"name": "step", "epochs": 2, "factor": 0.3}, "warm-up": 0.0},
        "epochs": 5,
        "batch": 4,
        "seed": 18446744073709551615,
        "initializer": "lecun-normal",
        "weight-decay": 0.0001,
        "dropout": 0.25,
        "clip-norm": 1.5,
        "patience": 3,
    }
    description = describe(
        "regression",
        "squared-error",
        [1, 2],
        {"kind": "unknown"},
        None,
        [],
        ONE_VIEW,
        [(architecture(2, [3], 1, "tanh"), [])],
        {"settings": settings, "config": config, "hooks": [["max-norm", "moving-average"]]},
    )
    moments = lambda count, first, second: (
        some(singles([first] * count)) + some(singles([second] * count))
    )
    average = network([
        linear(singles([-1.0] * 6), singles([-2.0] * 3)), linear(singles([-3.0] * 3), singles([-4.0]))
    ])
    member = network(small_layers(singles)) + sequence([
        linear(moments(6, 0.5, 0.25), moments(3, -0.5, 0.125)),
        linear(moments(3, 1.5, 2.25), moments(1, -1.5, 4.0)),
    ]) + sequence([NONE, some(average)])
    position = integer(2) + integer(1) + integer(7)
    tally = sequence([double(v) for v in (3.5, 0.0, 2.0, 1.0)])
    best = network([
        linear(singles([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), singles([7.0, 8.0, 9.0])),
        linear(singles([-1.0, -2.0, -3.0]), singles([-4.0])),
    ])
    early_stopping = double(0.625) + integer(1) + integer(1) + sequence([best])
    data = integer(10) + integer(2) + struct.pack("<I", 0xDEADBEEF)
    validation = integer(3) + integer(2) + struct.pack("<I", 0xCAFE)
    first_epoch = (
        integer(1) + double(0.75) + some(double(0.5)) + some(double(0.625)) + some(double(0.25))
        + double(0.1) + double(1000.0) + double(0.01)
    )
    second_epoch = (
        integer(2) + double(0.5) + NONE + NONE + NONE + double(0.1) + double(2000.0) + double(0.005)
    )
    training = position + sequence([member]) + tally + some(early_stopping) + data
    training += sequence([validation]) + sequence([first_epoch, second_epoch])
    requires = ["max-norm", "moving-average", "training"]
    members = [network(small_layers(singles))]
    return envelope(requires, description, members, some(training))


if __name__ == "__main__":
    (HERE / "numbers.nn").write_bytes(of_numbers())
    (HERE / "images.nn").write_bytes(of_images())
    (HERE / "checkpoint.nn").write_bytes(under_way())
