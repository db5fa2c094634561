"""A multi-layer perceptron in TensorFlow: the whole epoch is one function, compiled by XLA."""

import os
import time

import numpy as np

import idx
import peer


def main():
    options = peer.options()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    generator = np.random.default_rng(options.seed)
    images, labels = idx.read_set(options.data, "train")
    sizes = [images.shape[1], *options.hidden, peer.CLASSES]
    count, batch = len(labels), options.batch
    steps, rest = divmod(count, batch)
    images, labels = tf.constant(images), tf.constant(labels.astype(np.int32))
    weights = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        limit = (6 / inputs) ** 0.5
        weight = generator.uniform(-limit, limit, (inputs, outputs)).astype(np.float32)
        weights += [tf.Variable(weight), tf.Variable(np.zeros(outputs, np.float32))]

    def forward(weights, images):
        for layer in range(0, len(weights), 2):
            images = images @ weights[layer] + weights[layer + 1]
            if layer + 2 < len(weights):
                images = tf.nn.relu(images)
        return images

    def step(weights, index):
        with tf.GradientTape() as tape:
            tape.watch(weights)
            logits = forward(weights, tf.gather(images, index))
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(labels, index), logits)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, weights)
        return [weight - options.lr * gradient for weight, gradient in zip(weights, gradients)]

    @tf.function(jit_compile=True)
    def train_epoch(weights, order):
        for at in tf.range(steps):
            weights = step(weights, tf.reshape(tf.slice(order, [at * batch], [batch]), [batch]))
        return step(weights, order[steps * batch :]) if rest else weights

    order = np.arange(count, dtype=np.int32)
    weights = [tf.convert_to_tensor(weight) for weight in weights]
    train_epoch(weights, tf.constant(order))  # compiled before timing starts
    for epoch in range(1, options.epochs + 1):
        start = time.perf_counter()
        generator.shuffle(order)
        weights = train_epoch(weights, tf.constant(order))
        weights[-1].numpy()
        peer.report_epoch(epoch, count / (time.perf_counter() - start))
    images, labels = idx.read_set(options.data, "t10k")
    answers = forward(weights, tf.constant(images)).numpy().argmax(1)
    peer.report_test((answers == labels).mean())


if __name__ == "__main__":
    main()
