"""Two programs in PyTorch that the whole of `nn train --preset fast`, start to test, is measured against.

python pytorch_fast.py --data ../../../data/mnist           784-256-10, Adam, one-cycle, 4 epochs
python pytorch_fast.py --data ../../../data/mnist --halve   the recipe of the preset itself
"""

import argparse
import json

import torch
from torch import nn

import idx

BATCH = 128
# Hidden neurons, epochs, highest learning rate, betas, label smoothing.
PLAIN = (256, 4, 0.006, (0.9, 0.999), 0.0)
HALVED = (192, 2, 0.015, (0.8, 0.95), 0.05)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, help="folder with the four IDX files")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--halve", action="store_true", help="average 2 x 2 pixels, 2 epochs")
    options = parser.parse_args()
    hidden, epochs, rate, betas, smoothing = HALVED if options.halve else PLAIN

    def read(part):
        images, labels = map(torch.from_numpy, idx.read_set(options.data, part))
        if options.halve:
            images = nn.functional.avg_pool2d(images.view(-1, 1, 28, 28), 2).flatten(1)
        return images, labels

    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    images, labels = read("train")
    model = nn.Sequential(nn.Linear(images.shape[1], hidden), nn.ReLU(), nn.Linear(hidden, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, betas=betas, fused=True)
    steps = epochs * -(-len(labels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, total_steps=steps, cycle_momentum=not options.halve
    )
    for _ in range(epochs):
        for index in torch.randperm(len(labels)).split(BATCH):
            logits = model(images.index_select(0, index))
            loss = nn.functional.cross_entropy(
                logits, labels.index_select(0, index), label_smoothing=smoothing
            )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
    images, labels = read("t10k")
    with torch.inference_mode():
        accuracy = (model(images).argmax(1) == labels).double().mean()
    print(json.dumps({"test_accuracy": float(accuracy)}))


if __name__ == "__main__":
    main()
