"""A multi-layer perceptron in scikit-learn: MLPClassifier with plain SGD, one partial_fit per epoch."""

import time

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

import idx
import peer


def classifier(options):
    """Creates the classifier with the settings of the other peers, but Glorot-uniform weights."""
    return MLPClassifier(
        hidden_layer_sizes=options.hidden,
        activation="relu",
        solver="sgd",
        alpha=0.0,
        batch_size=options.batch,
        learning_rate="constant",
        learning_rate_init=options.lr,
        momentum=0.0,
        nesterovs_momentum=False,
        shuffle=True,
        random_state=options.seed,
    )


def main():
    options = peer.options()
    # Without the check for NaN in every call, which is not training.
    sklearn.set_config(assume_finite=True)
    images, labels = idx.read_set(options.data, "train")
    model = classifier(options)
    with threadpool_limits(options.threads):
        for epoch in range(1, options.epochs + 1):
            start = time.perf_counter()
            model.partial_fit(images, labels, classes=np.arange(peer.CLASSES))
            peer.report_epoch(epoch, len(labels) / (time.perf_counter() - start))
    images, labels = idx.read_set(options.data, "t10k")
    peer.report_test(model.score(images, labels))


if __name__ == "__main__":
    main()
