"""A multi-layer perceptron in JAX: the whole epoch is one jitted scan over shuffled batches."""

import functools
import os
import time

import numpy as np

import idx
import peer


def keep_cores(count):
    """Restricts this process to some cores: XLA starts as many threads as there are cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def initial_parameters(sizes, seed):
    """He-uniform weights (inputs x outputs), biases of zero."""
    generator = np.random.default_rng(seed)
    parameters = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        limit = (6 / inputs) ** 0.5
        weight = generator.uniform(-limit, limit, (inputs, outputs)).astype(np.float32)
        parameters.append((weight, np.zeros(outputs, np.float32)))
    return parameters


def main():
    options = peer.options()
    keep_cores(options.threads)
    # Imported after the number of cores is set.
    import jax
    import jax.numpy as jnp

    def forward(parameters, images):
        *hidden, (weight, bias) = parameters
        for hidden_weight, hidden_bias in hidden:
            images = jax.nn.relu(images @ hidden_weight + hidden_bias)
        return images @ weight + bias

    def loss(parameters, images, labels):
        logits = jax.nn.log_softmax(forward(parameters, images))
        return -jnp.mean(jnp.take_along_axis(logits, labels[:, None], axis=1))

    def step(images, labels, parameters, index):
        gradients = jax.grad(loss)(parameters, images[index], labels[index])
        update = lambda parameter, gradient: parameter - options.lr * gradient
        return jax.tree.map(update, parameters, gradients), None

    @functools.partial(jax.jit, donate_argnums=0)
    def train_epoch(parameters, images, labels, order):
        batch = min(options.batch, len(order))
        whole = len(order) // batch * batch
        one = functools.partial(step, images, labels)
        parameters, _ = jax.lax.scan(one, parameters, order[:whole].reshape(-1, batch))
        if whole < len(order):
            parameters, _ = one(parameters, order[whole:])
        return parameters

    images, labels = idx.read_set(options.data, "train")
    sizes = [images.shape[1], *options.hidden, peer.CLASSES]
    parameters = jax.device_put(initial_parameters(sizes, options.seed))
    images, labels = jax.device_put(images), jax.device_put(labels.astype(np.int32))
    generator = np.random.default_rng(options.seed + 1)
    order = np.arange(len(labels), dtype=np.int32)
    # Compiled before timing starts.
    compiled = train_epoch.lower(parameters, images, labels, order).compile()
    for epoch in range(1, options.epochs + 1):
        start = time.perf_counter()
        # NumPy shuffles faster than jax.random.permutation on a CPU.
        generator.shuffle(order)
        parameters = jax.block_until_ready(compiled(parameters, images, labels, order))
        peer.report_epoch(epoch, len(order) / (time.perf_counter() - start))
    images, labels = idx.read_set(options.data, "t10k")
    answers = np.asarray(jax.jit(forward)(parameters, images)).argmax(1)
    peer.report_test((answers == labels).mean())


if __name__ == "__main__":
    main()
