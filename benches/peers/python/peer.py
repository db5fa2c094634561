"""Common parts of the Python peers: flags and JSON lines."""

import argparse
import json

CLASSES = 10


def options():
    """Parses the settings of a run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, help="folder with the four IDX files")
    parser.add_argument("--hidden", type=sizes, default=[128], help="neurons of each hidden layer")
    parser.add_argument("--batch", type=positive, default=64)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=positive, default=2)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def sizes(text):
    """Parses `512,512`."""
    return [int(word) for word in text.split(",") if word]


def positive(text):
    """Parses a number above 0."""
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def report_epoch(epoch, images_per_s):
    """Prints the images per second of an epoch (counted from 1), training only."""
    print(json.dumps({"epoch": epoch, "images_per_s": images_per_s}), flush=True)


def report_test(accuracy):
    """Prints the test accuracy, 0 to 1."""
    print(json.dumps({"test_accuracy": float(accuracy)}), flush=True)
