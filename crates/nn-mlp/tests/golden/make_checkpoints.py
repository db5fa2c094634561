"""Writes checkpoint-v1.nn and model-v1.nn to model-v7.nn byte by byte, and checkpoint-v8.nn, from the descriptions
of the formats alone.

    python make_checkpoints.py

Format 1: the envelope (see src/codec.rs), then the fields of `Checkpoint` in the order in which
Rust declares them. Integers and lengths are u64, variants of enums u32, an option is a byte (0 or 1)
before its value, floats are IEEE 754, all little-endian. Settings are JSON, as a sequence of bytes.
Format 2: a model has two fields more, its batch normalisations (gamma, beta, mean and variance of
each hidden layer) and the further networks of a committee (layers and normalisations of each).
Format 3: behind all that stands a sequence of bytes, JSON, which says whether images are put upright.
Format 4: the same JSON says whether they are described by directions, as 769 numbers whatever the images' size.
Format 5: it also holds a form for each further network, null where it is that of the first: its architecture, and what
becomes of images before it sees them.
Format 6: it may say that square roots are taken of these numbers.
Format 7: it may say that they have the second order besides, and are 1,569.
Format 8: behind that stands what the optimizer and the moving average of each further branch hold.
The files are never to change: they stand for all files that were written in this format.
"""

import pathlib
import struct
import zlib

HERE = pathlib.Path(__file__).parent

integer = lambda value: struct.pack("<Q", value)
variant = lambda value: struct.pack("<I", value)
double = lambda value: struct.pack("<d", value)
sequence = lambda items: integer(len(items)) + b"".join(items)
singles = lambda values: variant(0) + sequence([struct.pack("<f", v) for v in values])
doubles = lambda values: variant(1) + sequence([double(v) for v in values])
some = lambda value: b"\x01" + value
NONE = b"\x00"

TANH, IDENTITY, SQUARED_ERROR = 3, 0, 1

CONFIG = (
    b'{"loss":"squared-error","optimizer":{"name":"adam","beta1":0.9,"beta2":0.999,"epsilon":1e-8},'
    b'"learning-rate":0.1,"schedule":{"curve":{"name":"step","epochs":2,"factor":0.3},"warm-up":0.0},'
    b'"epochs":5,"batch":4,"seed":18446744073709551615,"initializer":"lecun-normal","l1":0.0,'
    b'"weight-decay":0.0001,"dropout":0.25,"clip-norm":1.5,"patience":3}'
)


def envelope(payload, version=1):
    head = b"\x89nnc\r\n\x1a\n" + struct.pack("<IQ", version, len(payload))
    return head + struct.pack("<I", zlib.crc32(head + payload)) + payload


def linear(weight, bias):
    return weight + bias


def model(numbers):
    architecture = integer(2) + sequence([integer(3)]) + integer(1) + variant(TANH) + variant(IDENTITY)
    shape = sequence([integer(1), integer(2)])
    return architecture + variant(SQUARED_ERROR) + shape + layers_of(numbers)


def training(numbers):
    moments = lambda count, first, second: (
        some(numbers([first] * count)) + some(numbers([second] * count))
    )
    all_moments = [
        linear(moments(6, 0.5, 0.25), moments(3, -0.5, 0.125)),
        linear(moments(3, 1.5, 2.25), moments(1, -1.5, 4.0)),
    ]
    position = integer(2) + integer(1) + integer(7)
    tally = sequence([double(v) for v in (3.5, 0.0, 2.0, 1.0)])
    best = [
        linear(numbers([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), numbers([7.0, 8.0, 9.0])),
        linear(numbers([-1.0, -2.0, -3.0]), numbers([-4.0])),
    ]
    early_stopping = double(0.625) + integer(1) + integer(1) + sequence(best)
    data = integer(10) + integer(2) + struct.pack("<I", 0xDEADBEEF)
    first_epoch = (
        integer(1) + double(0.75) + some(double(0.5)) + some(double(0.625)) + some(double(0.25))
        + double(0.1) + double(1000.0) + double(0.01)
    )
    second_epoch = (
        integer(2) + double(0.5) + NONE + NONE + NONE + double(0.1) + double(2000.0) + double(0.005)
    )
    config = sequence([bytes([byte]) for byte in CONFIG])
    history = sequence([first_epoch, second_epoch])
    return (
        config + position + sequence(all_moments) + tally + some(early_stopping) + data + history
    )


def norm(numbers, first):
    return b"".join(numbers([first + step] * 3) for step in (0.0, 0.25, 0.5, 0.75))


def committee(numbers):
    """Of two, whose weights differ in sign."""
    negative = lambda values: numbers([-value for value in values])
    second = model(negative)[-len(layers_of(negative)) :]
    companions = sequence([second + sequence([norm(numbers, 2.0)])])
    return model(numbers) + sequence([norm(numbers, 1.0)]) + companions


MIXED = (
    b'{"deskew":false,"forms":[null,{"architecture":{"inputs":2,"hidden":[],"outputs":1,"activation":"relu",'
    b'"output-activation":"identity"},"preprocessing":{"deskew":true,"directions":false}}]}'
)


def mixed(numbers):
    """Of three: the second is like the first, the third has no hidden layer and sees upright images."""
    second = layers_of(numbers) + sequence([])
    third = sequence([linear(numbers([3.0, -0.5]), numbers([0.25]))]) + sequence([])
    return model(numbers) + sequence([]) + sequence([second, third])


def layers_of(numbers):
    return sequence([
        linear(numbers([0.5, -1.5, 2.0, 0.25, -0.125, 3.0]), numbers([0.0, 1.0, -1.0])),
        linear(numbers([1.0, -2.0, 0.75]), numbers([0.1])),
    ])


def described(numbers, inputs=769, first=-40.0):
    """Of images of 5 x 4 pixels, without a hidden layer."""
    architecture = integer(inputs) + sequence([]) + integer(1) + variant(TANH) + variant(IDENTITY)
    layer = linear(numbers([index / 8.0 + first for index in range(inputs)]), numbers([0.5]))
    shape = sequence([integer(5), integer(4)])
    return architecture + variant(SQUARED_ERROR) + shape + sequence([layer])


OF_BRANCHES = (
    b'{"loss":"cross-entropy","optimizer":{"name":"momentum","momentum":0.5},"learning-rate":0.1,'
    b'"schedule":{"curve":{"name":"constant"},"warm-up":0.0},"epochs":5,"batch":4,"seed":7,"average":0.75,'
    b'"branches":[{"hidden":[1],"receptive-fields":null,"preprocessing":{"deskew":true,"directions":false},'
    b'"distortion":null}]}'
)
BRANCH = (
    b'{"deskew":false,"forms":[{"architecture":{"inputs":2,"hidden":[1],"outputs":2,"activation":"tanh",'
    b'"output-activation":"identity"},"preprocessing":{"deskew":true,"directions":false}}]}'
)


def of_branches(numbers):
    """After the first step of a training of two: 2-2 on images as they are, 2-1-2 on upright ones."""
    shape = integer(2) + sequence([]) + integer(2) + variant(TANH) + variant(IDENTITY)
    one = lambda sign: sequence([linear(numbers([sign * n for n in (1, 2, 3, 4)]), numbers([5, 6]))])
    two = lambda sign: sequence([
        linear(numbers([sign * 0.5, sign * 1.5]), numbers([2.5])),
        linear(numbers([sign * 3.5, sign * 4.5]), numbers([5.5, 6.5])),
    ])
    cross_entropy, no_norms = variant(0), sequence([])
    model = shape + cross_entropy + sequence([integer(1), integer(2)]) + one(1) + no_norms
    model += sequence([two(1) + no_norms])
    velocity = lambda count, value: some(numbers([value] * count)) + NONE
    of_one = sequence([linear(velocity(4, 0.25), velocity(2, 0.5))])
    of_two = sequence([
        linear(velocity(2, 1.25), velocity(1, 1.5)), linear(velocity(2, 2.25), velocity(2, 2.5))
    ])
    config = sequence([bytes([byte]) for byte in OF_BRANCHES])
    position = integer(0) + integer(1) + integer(1)
    tally = sequence([double(v) for v in (2.5, 3.0, 1.0, 1.0)])
    data = integer(10) + integer(2) + struct.pack("<I", 0xDEADBEEF)
    training = config + position + of_one + tally + NONE + data + sequence([])
    training += some(one(-1) + no_norms)
    extras = sequence([bytes([byte]) for byte in BRANCH])
    branch = of_two + some(two(-1) + no_norms)
    return model + some(training) + extras + sequence([branch])


if __name__ == "__main__":
    whole = model(singles) + some(training(singles))
    (HERE / "checkpoint-v1.nn").write_bytes(envelope(whole))
    (HERE / "model-v1.nn").write_bytes(envelope(model(doubles) + NONE))
    (HERE / "model-v2.nn").write_bytes(envelope(committee(doubles) + NONE, version=2))
    plain = model(doubles) + sequence([]) + sequence([]) + NONE
    extras = sequence([bytes([byte]) for byte in b'{"deskew":true}'])
    (HERE / "model-v3.nn").write_bytes(envelope(plain + extras, version=3))
    plain = described(singles) + sequence([]) + sequence([]) + NONE
    extras = sequence([bytes([byte]) for byte in b'{"deskew":true,"directions":true}'])
    (HERE / "model-v4.nn").write_bytes(envelope(plain + extras, version=4))
    extras = sequence([bytes([byte]) for byte in MIXED])
    (HERE / "model-v5.nn").write_bytes(envelope(mixed(doubles) + NONE + extras, version=5))
    rooted = b'{"deskew":true,"directions":true,"root_directions":true}'
    rooted = sequence([bytes([byte]) for byte in rooted])
    (HERE / "model-v6.nn").write_bytes(envelope(plain + rooted, version=6))
    twice = described(singles, inputs=1569, first=-80.0) + sequence([]) + sequence([]) + NONE
    extras = b'{"deskew":true,"directions":true,"second_order_directions":true}'
    extras = sequence([bytes([byte]) for byte in extras])
    (HERE / "model-v7.nn").write_bytes(envelope(twice + extras, version=7))
    (HERE / "checkpoint-v8.nn").write_bytes(envelope(of_branches(singles), version=8))
