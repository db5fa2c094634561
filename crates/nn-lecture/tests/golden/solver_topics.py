"""Golden values of the topics `universal` and `solvers`, by numpy and scipy.

Reads universal_start.txt (31 weights drawn by this repository's own U(0, 1) stream, biases 0.1; a
test holds the stream to them). Writes universal_costs.txt: epoch and cost of the tutorial's fit of
sin(2x); and neuron_minimum.txt: w, b and cost of the topic `solvers`.

    python3 solver_topics.py
"""

from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

HERE = Path(__file__).parent


def tutorial_costs(start, rate=1e-4, epochs=5000):
    """C = 1/2 sum (y - a)^2 before each epoch of plain gradient descent on all 200 samples."""
    w1, b1, w2, b2 = start[:10], start[10:20], start[20:30], start[30]
    x = np.linspace(-1, 1, 200)
    y = np.sin(2 * x)
    costs = []
    for _ in range(epochs + 1):
        a1 = np.tanh(np.outer(x, w1) + b1)
        error = a1 @ w2 + b2 - y
        costs.append(0.5 * np.sum(error**2))
        delta = np.outer(error, w2) * (1 - a1**2)
        w2, b2 = w2 - rate * (a1.T @ error), b2 - rate * error.sum()
        w1, b1 = w1 - rate * (delta.T @ x), b1 - rate * delta.sum(axis=0)
    return costs


def neuron_minimum():
    """The least mean of (y - sigmoid(w x + b))^2, from several starts."""
    x = np.linspace(-3, 3, 13)
    noise = np.where(np.arange(13) % 2 == 1, -0.05, 0.05)
    y = 0.1 + 0.8 / (1 + np.exp(-(1.5 * x + 0.5))) + noise

    def residuals(p):
        return (1 / (1 + np.exp(-(p[0] * x + p[1]))) - y) / np.sqrt(len(x))

    starts = [(-1.0, 2.5), (0.0, 0.0), (1.0, 1.0), (3.0, -2.0)]
    fits = [least_squares(residuals, s, xtol=1e-15, ftol=1e-15, gtol=1e-15) for s in starts]
    best = min(fits, key=lambda fit: fit.cost)
    return *best.x, 2 * best.cost


if __name__ == "__main__":
    costs = tutorial_costs(np.loadtxt(HERE / "universal_start.txt"))
    lines = [f"{epoch} {costs[epoch]:.17g}\n" for epoch in (0, 1, 10, 100, 1000, 2500, 5000)]
    (HERE / "universal_costs.txt").write_text("".join(lines))
    w, b, cost = neuron_minimum()
    (HERE / "neuron_minimum.txt").write_text(f"{w:.17g}\n{b:.17g}\n{cost:.17g}\n")
