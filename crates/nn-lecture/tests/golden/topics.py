"""Golden values of the topics digits, linear, perceptron, activations, descent and digits8x8.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install numpy scipy scikit-learn
    /tmp/venv/bin/python crates/nn-lecture/tests/golden/topics.py

Written with numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1.
"""

import gzip
import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import norm
from sklearn.datasets import load_digits
from sklearn.linear_model import Perceptron
from sklearn.neural_network import MLPClassifier

HERE = Path(__file__).parent
SAMPLE = HERE.parents[3] / "data" / "sample"
TRAIN = 1437


def digits8x8():
    data = load_digits()
    x, y = data.images.reshape(-1, 64) / 16, data.target
    return (x[:TRAIN], y[:TRAIN]), (x[TRAIN:], y[TRAIN:])


def digits():
    """The embedded sample, read without our reader."""
    images = gzip.decompress((SAMPLE / "train-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((SAMPLE / "train-labels-idx1-ubyte.gz").read_bytes())
    x = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 784) / 255
    y = np.frombuffer(labels, np.uint8, offset=8)
    return {
        "counts": np.bincount(y).tolist(),
        "mean_pixel": x.mean(),
        "never_inked": int((x.max(axis=0) == 0).sum()),
        "mean_of_3": x[y == 3].mean(axis=0).sum(),
        "first_label": int(y[0]),
        "first_image_by_place": np.arange(784) @ x[0],
    }


def small_problem(samples):
    i = np.arange(1, samples + 1)
    a = 2 * np.modf(0.61803398875 * i)[0] - 1
    b = 0.4 * (2 * np.modf(0.41421356237 * i)[0] - 1)
    return np.c_[a, b, np.ones(samples)], 1.5 * a - 2 * b + 0.5 + 0.1 * np.sin(7 * a)


def linear():
    x, y = small_problem(40)
    small = np.linalg.lstsq(x, y, rcond=None)[0]
    eigenvalues = np.linalg.eigvalsh(2 / len(x) * x.T @ x)[::-1]
    (x, y), (x_test, y_test) = digits8x8()
    x, x_test = np.c_[x, np.ones(len(x))], np.c_[x_test, np.ones(len(x_test))]
    weights, _, rank, _ = np.linalg.lstsq(x, np.eye(10)[y], rcond=None)
    return {
        "small": small.tolist(),
        "small_eigenvalues": eigenvalues.tolist(),
        "rank": int(rank),
        "train_right": int(((x @ weights).argmax(1) == y).sum()),
        "test_right": int(((x_test @ weights).argmax(1) == y_test).sum()),
        "outputs": (x[:3] @ weights).tolist(),
        "eigenvalues": np.linalg.eigvalsh(2 / len(x) * x.T @ x)[::-1][:5].tolist(),
    }


def perceptron():
    """One pass in order over "is it a 0?", by scikit-learn."""
    (x, y), _ = digits8x8()
    model = Perceptron(shuffle=False, max_iter=1, tol=None, eta0=1.0).fit(x, y == 0)
    return {
        "weights": model.coef_[0].tolist(),
        "bias": model.intercept_[0],
        "right": int((model.predict(x) == (y == 0)).sum()),
    }


def activations():
    z = np.array([-3.0, -1.0, -0.25, 0.5, 2.0])
    s, pdf, cdf = expit(z), norm.pdf(z), norm.cdf(z)
    one, zero = np.ones_like(z), np.zeros_like(z)
    values = {
        "identity": (z, one),
        "heaviside": (np.heaviside(z, 0), zero),
        "sigmoid": (s, s * (1 - s)),
        "tanh": (np.tanh(z), 1 / np.cosh(z) ** 2),
        "relu": (np.maximum(z, 0), np.heaviside(z, 0)),
        "leaky-relu": (np.where(z > 0, z, 0.01 * z), np.where(z > 0, 1, 0.01)),
        "gelu": (z * cdf, cdf + z * pdf),
        "softplus": (np.logaddexp(0, z), s),
    }
    rows = {name: [a.tolist(), d.tolist()] for name, (a, d) in values.items()}
    return {"z": z.tolist(), "values": rows}


def descent():
    """The minima nearest to the ends of our walks, by scipy's BFGS."""
    x = np.linspace(-2, 2, 21)
    y = np.sin(2 * x + 0.5)
    cost = lambda w: np.mean((y - np.sin(w[0] * x + w[1])) ** 2)
    near = [(1.9, 0.4), (-0.1, -3.0), (4.3, -2.6), (6.0, 0.15)]
    found = [minimize(cost, start, tol=1e-12) for start in near]
    return [[*result.x.tolist(), result.fun] for result in found]


def digits8x8_by_scikit_learn():
    (x, y), (x_test, y_test) = digits8x8()
    model = MLPClassifier((32,), max_iter=200, random_state=0).fit(x, y)
    return {
        "counts": np.bincount(y).tolist(),
        "test_counts": np.bincount(y_test).tolist(),
        "ink": x.sum() * 16,
        "test_ink": x_test.sum() * 16,
        "test_accuracy": model.score(x_test, y_test),
    }


golden = {
    "digits": digits(),
    "linear": linear(),
    "perceptron": perceptron(),
    "activations": activations(),
    "descent": descent(),
    "digits8x8": digits8x8_by_scikit_learn(),
}
(HERE / "topics.json").write_text(json.dumps(golden, indent=1) + "\n")
