"""How right scikit-learn's perceptron is on the training set, for ten orders of the samples.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install numpy scikit-learn
    /tmp/venv/bin/python crates/nn-lecture/tests/golden/perceptron.py data/mnist

The argument is the folder of full MNIST; the sample comes from this repository. Ten passes each, as the
topic `perceptron` makes by default; and, under "lecture", the lecture's own call, which stops by itself.
Written with numpy 2.4.6, scikit-learn 1.9.1.
"""

import gzip
import json
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import Perceptron

HERE = Path(__file__).parent
SAMPLE = HERE.parents[3] / "data" / "sample"
STATES = range(10)


def training_set(folder):
    images = gzip.decompress((folder / "train-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((folder / "train-labels-idx1-ubyte.gz").read_bytes())
    x = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 784) / 255
    return x, np.frombuffer(labels, np.uint8, offset=8)


def accuracies(data, **settings):
    models = (Perceptron(random_state=state, **settings).fit(*data) for state in STATES)
    return [model.score(*data) for model in models]


sample, mnist = training_set(SAMPLE), training_set(Path(sys.argv[1]))
golden = {
    "sample": accuracies(sample, max_iter=10, tol=None),
    "mnist": accuracies(mnist, max_iter=10, tol=None),
    "lecture": accuracies(mnist, tol=1e-3),
}
(HERE / "perceptron.json").write_text(json.dumps(golden, indent=1) + "\n")
