"""Minima of convex costs: softmax regressions with an L2 penalty, by scipy in double precision.

    pip install scipy
    python make_convex.py    # writes convex.json beside it
"""

import json
import pathlib

import numpy
import scipy
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

SIZES = [(40, 3, 2), (60, 5, 3), (100, 8, 4), (200, 10, 10), (150, 20, 5)]
DECAYS = [0.1, 0.01, 0.03, 0.001, 0.01]


def problem(seed, samples, inputs, classes, decay):
    random = numpy.random.default_rng(seed)
    x = random.normal(size=(samples, inputs)).round(2)
    y = (x @ random.normal(size=(inputs, classes)) + random.gumbel(size=(samples, classes))).argmax(1)

    def cost(parameters):
        """The weights (classes x inputs), then the biases, which are not penalised."""
        weight = parameters[: classes * inputs].reshape(classes, inputs)
        logits = x @ weight.T + parameters[classes * inputs :]
        delta = (softmax(logits, axis=1) - numpy.eye(classes)[y]) / samples
        loss = (logsumexp(logits, axis=1) - logits[numpy.arange(samples), y]).mean()
        gradient = numpy.concatenate([(delta.T @ x + decay * weight).ravel(), delta.sum(0)])
        return loss + decay / 2 * (weight**2).sum(), gradient

    start = numpy.zeros(classes * (inputs + 1))
    options = {"gtol": 1e-12, "ftol": 0.0, "maxiter": 10_000}
    result = minimize(cost, start, jac=True, method="L-BFGS-B", options=options)
    return {
        "inputs": inputs,
        "x": x.ravel().tolist(),
        "classes": classes,
        "y": y.tolist(),
        "decay": decay,
        "cost": result.fun,
        "loss": cost(result.x)[0] - decay / 2 * (result.x[: classes * inputs] ** 2).sum(),
    }


PROBLEMS = [
    problem(seed, *size, decay) for seed, (size, decay) in enumerate(zip(SIZES, DECAYS, strict=True))
]
LINES = ",\n".join(json.dumps(one) for one in PROBLEMS)
HEAD = json.dumps(f"scipy {scipy.__version__}")
text = f'{{"made_by": {HEAD},\n"problems": [{LINES}]}}\n'
(pathlib.Path(__file__).parent / "convex.json").write_text(text)
