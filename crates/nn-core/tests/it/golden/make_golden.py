"""Values that the tests of nn-core are held to, computed by PyTorch and scikit-learn.

    pip install torch numpy scikit-learn
    python make_golden.py            # writes the .json files beside it

Everything is computed in double precision from fixed seeds. Checked in with the versions that the
files name in their first line.
"""

import json
import math
import pathlib

import numpy
import sklearn
import sklearn.metrics
import torch
from torch import nn
from torch.nn import functional

HERE = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

ACTIVATIONS = {
    "identity": nn.Identity,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky-relu": nn.LeakyReLU,
    "gelu": nn.GELU,
    "softplus": nn.Softplus,
}


def write(name, value):
    value = {"made_by": f"torch {torch.__version__}, scikit-learn {sklearn.__version__}"} | value
    rows = ",\n".join(f"{json.dumps(key)}: {json.dumps(item)}" for key, item in value.items())
    (HERE / name).write_text("{" + rows + "}\n")


def network(widths, activation, output_activation="identity"):
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, outputs), ACTIVATIONS[activation]()]
    layers[-1] = ACTIVATIONS[output_activation]()
    return nn.Sequential(*layers)


def layers_of(model):
    linear = [module for module in model if isinstance(module, nn.Linear)]
    return [
        {"weight": layer.weight.flatten().tolist(), "bias": layer.bias.tolist()} for layer in linear
    ]


def forward():
    """Outputs of one network under every activation."""
    torch.manual_seed(1)
    widths = [5, 7, 6, 3]
    model = network(widths, "relu")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
    inputs = 2 * torch.randn(8, widths[0])
    outputs = {}
    for activation in ACTIVATIONS:
        other = network(widths, activation, activation)
        other.load_state_dict(model.state_dict())
        outputs[activation] = other(inputs).flatten().tolist()
    # PyTorch has the step function without a module.
    hidden = inputs
    for layer in (module for module in model if isinstance(module, nn.Linear)):
        hidden = torch.heaviside(layer(hidden), torch.tensor(0.0))
    outputs["heaviside"] = hidden.flatten().tolist()
    write(
        "forward.json",
        {
            "widths": widths,
            "layers": layers_of(model),
            "inputs": inputs.flatten().tolist(),
            "outputs": outputs,
        },
    )


def cost(loss, outputs, classes):
    if loss == "cross-entropy":
        return functional.cross_entropy(outputs, classes)
    squares = (outputs - functional.one_hot(classes, outputs.shape[1])).square().sum()
    count = len(classes)
    return squares * {
        "squared-error": 1 / count,
        "half-squared-error": 1 / (2 * count),
        "half-sum-of-squares": 1 / 2,
    }[loss]


def optimizer_of(name, groups, rate):
    return {
        "sgd": lambda: torch.optim.SGD(groups, lr=rate),
        "momentum": lambda: torch.optim.SGD(groups, lr=rate, momentum=0.9),
        "nesterov": lambda: torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True),
        "rms-prop": lambda: torch.optim.RMSprop(groups, lr=rate),
        "adam": lambda: torch.optim.Adam(groups, lr=rate),
        "adamw": lambda: torch.optim.AdamW(groups, lr=rate),
    }[name]()


def training():
    """Weights after five steps, by loss, activation, optimizer, penalty and clipping."""
    torch.manual_seed(2)
    widths, count, steps = [4, 5, 3], 12, 5
    start = network(widths, "tanh").state_dict()
    inputs = torch.randn(count, widths[0])
    classes = torch.randint(widths[-1], (count,))

    def run(loss, activation, output_activation, optimizer, rate, l1=0.0, decay=0.0, clip=None):
        model = network(widths, activation, output_activation)
        model.load_state_dict(start)
        linear = [module for module in model if isinstance(module, nn.Linear)]
        weights, biases = [x.weight for x in linear], [x.bias for x in linear]
        # Weights are penalised, biases are not.
        groups = [
            {"params": weights, "weight_decay": decay},
            {"params": biases, "weight_decay": 0.0},
        ]
        stepper, losses = optimizer_of(optimizer, groups, rate), []
        for _ in range(steps):
            stepper.zero_grad()
            value = cost(loss, model(inputs), classes)
            losses.append(value.item())
            (value + l1 * sum(weight.abs().sum() for weight in weights)).backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            stepper.step()
        return {
            "loss": loss,
            "activation": activation,
            "output_activation": output_activation,
            "optimizer": optimizer,
            "learning_rate": rate,
            "l1": l1,
            "weight_decay": decay,
            "clip_norm": clip,
            "losses": losses,
            "layers": layers_of(model),
        }

    runs = []
    for optimizer in ("sgd", "momentum", "nesterov", "rms-prop", "adam", "adamw"):
        for decay in (0.0, 0.1):
            runs.append(run("cross-entropy", "tanh", "identity", optimizer, 0.03, decay=decay))
    for activation in ("sigmoid", "relu", "leaky-relu", "gelu", "softplus"):
        runs.append(run("cross-entropy", activation, "identity", "sgd", 0.2))
    for loss in ("squared-error", "half-squared-error", "half-sum-of-squares"):
        for output in ("identity", "sigmoid", "gelu"):
            runs.append(run(loss, "tanh", output, "momentum", 0.02))
    runs.append(run("cross-entropy", "tanh", "identity", "sgd", 0.2, l1=0.01))
    runs.append(run("cross-entropy", "tanh", "identity", "sgd", 0.2, clip=0.1))
    runs.append(run("cross-entropy", "tanh", "identity", "adam", 0.02, clip=0.1))
    runs.append(run("cross-entropy", "tanh", "identity", "sgd", 0.2, clip=1000.0))
    write(
        "training.json",
        {
            "widths": widths,
            "steps": steps,
            "inputs": inputs.flatten().tolist(),
            "classes": classes.tolist(),
            "start": layers_of_state(start),
            "runs": runs,
        },
    )


def layers_of_state(state):
    prefixes = sorted({int(name.split(".")[0]) for name in state})
    return [
        {
            "weight": state[f"{prefix}.weight"].flatten().tolist(),
            "bias": state[f"{prefix}.bias"].tolist(),
        }
        for prefix in prefixes
    ]


def schedules():
    """Learning rate of each step."""

    def rates(steps, make):
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
        schedule, seen = make(optimizer), []
        for _ in range(steps):
            seen.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step() if len(seen) < steps else None
        return seen

    of = torch.optim.lr_scheduler
    one_cycle = {
        steps: rates(steps, lambda o, n=steps: of.OneCycleLR(o, max_lr=0.1, total_steps=n))
        for steps in (4, 10, 37, 120)
    }
    cosine = {
        steps: rates(steps, lambda o, n=steps: of.CosineAnnealingLR(o, T_max=n))
        for steps in (1, 10, 37, 120)
    }
    # Three epochs a drop, four steps an epoch: PyTorch steps its schedule once an epoch.
    by_epoch = rates(10, lambda o: of.StepLR(o, step_size=3, gamma=0.5))
    step = [rate for rate in by_epoch for _ in range(4)]

    # Eight steps of warm-up before 40 steps of the schedule.
    def warmed(make):
        def sequence(optimizer):
            rise = of.LinearLR(optimizer, start_factor=1 / 9, total_iters=8)
            return of.SequentialLR(optimizer, [rise, make(optimizer)], milestones=[8])

        return rates(48, sequence)

    warm_step = warmed(lambda o: of.StepLR(o, step_size=12, gamma=0.5))
    warm_cosine = warmed(lambda o: of.CosineAnnealingLR(o, T_max=40))
    both = {"warm_step": warm_step, "warm_cosine": warm_cosine}
    write("schedules.json", {"base": 0.1, "one_cycle": one_cycle, "cosine": cosine, "step": step, **both})


def metrics():
    """Scores of 1,100 samples (more than go through a network at once) in 6 classes, of which one
    does not occur and one is never predicted."""
    random = numpy.random.default_rng(3)
    count, classes = 1100, 6
    actual = random.integers(classes - 1, size=count)  # class 5 does not occur
    while True:
        scores = random.normal(size=(count, classes)).round(3)
        scores[numpy.arange(count), actual] += 1.0
        scores[:, 3] -= 20.0  # class 3 is never predicted
        scores = scores.round(3)
        ties = [len(set(row)) < classes for row in scores]
        if not any(ties):
            break
        for row in numpy.flatnonzero(ties):
            scores[row] += numpy.arange(classes) * 0.007
        scores = scores.round(3)
        if not any(len(set(row)) < classes for row in scores):
            break
    predicted = scores.argmax(axis=1)
    labels = list(range(classes))
    precision, recall, f1, support = sklearn.metrics.precision_recall_fscore_support(
        actual, predicted, labels=labels, zero_division=math.nan
    )
    probabilities = torch.softmax(torch.tensor(scores), dim=1).numpy()
    defined = lambda values: [None if math.isnan(value) else value for value in values]
    write(
        "metrics.json",
        {
            "classes": classes,
            "scores": scores.flatten().tolist(),
            "actual": actual.tolist(),
            "confusion": sklearn.metrics.confusion_matrix(actual, predicted, labels=labels).tolist(),
            "accuracy": sklearn.metrics.accuracy_score(actual, predicted),
            "precision": defined(precision),
            "recall": defined(recall),
            "f1": defined(f1),
            "support": support.tolist(),
            "top_k": [
                int(
                    sklearn.metrics.top_k_accuracy_score(
                        actual, scores, k=k, labels=labels, normalize=False
                    )
                )
                for k in range(1, 6)
            ],
            "log_loss": sklearn.metrics.log_loss(actual, probabilities, labels=labels),
        },
    )


if __name__ == "__main__":
    forward()
    training()
    schedules()
    metrics()
