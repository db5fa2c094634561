"""A multi-layer perceptron in PyTorch: data resident as f32, plain SGD, mean cross-entropy."""

import time

import torch
from torch import nn

import idx
import peer


def network(sizes):
    """Linear layers with ReLU between them; He-uniform weights, biases of zero."""
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        linear = nn.Linear(inputs, outputs)
        nn.init.kaiming_uniform_(linear.weight, nonlinearity="relu")
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def train_epoch(model, optimizer, images, labels, batch):
    """Trains one epoch in a new order."""
    for index in torch.randperm(len(labels)).split(batch):
        loss = nn.functional.cross_entropy(
            model(images.index_select(0, index)), labels.index_select(0, index)
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()


def main():
    options = peer.options()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    images, labels = map(torch.from_numpy, idx.read_set(options.data, "train"))
    model = network([images.shape[1], *options.hidden, peer.CLASSES])
    # One kernel for all parameters instead of several calls for each.
    optimizer = torch.optim.SGD(model.parameters(), lr=options.lr, fused=True)
    for epoch in range(1, options.epochs + 1):
        start = time.perf_counter()
        train_epoch(model, optimizer, images, labels, options.batch)
        peer.report_epoch(epoch, len(labels) / (time.perf_counter() - start))
    images, labels = map(torch.from_numpy, idx.read_set(options.data, "t10k"))
    with torch.inference_mode():
        peer.report_test((model(images).argmax(1) == labels).double().mean())


if __name__ == "__main__":
    main()
