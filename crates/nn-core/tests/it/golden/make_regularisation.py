"""Batch normalisation, smoothed labels, weighted classes, limited norms, averaged weights and single
precision, computed by PyTorch; an L2 penalty, computed by scikit-learn.

    pip install torch scikit-learn
    python make_regularisation.py    # writes regularisation.json beside it

Double precision unless said otherwise, fixed seeds. Five steps on one full batch from the same start in every run.
"""

import json
import pathlib

import sklearn
import torch
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_avg_fn

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
torch.manual_seed(5)

WIDTHS, COUNT, STEPS = [4, 6, 5, 3], 12, 5
ACTIVATIONS = {"tanh": nn.Tanh, "relu": nn.ReLU, "gelu": nn.GELU}
INPUTS = torch.randn(COUNT, WIDTHS[0])
CLASSES = torch.randint(WIDTHS[-1], (COUNT,))


def network(activation, batch_norm):
    """A hidden layer is Linear, BatchNorm1d if wanted, activation; biases are those of the start."""
    torch.manual_seed(6)
    modules = []
    pairs = list(zip(WIDTHS, WIDTHS[1:]))
    for index, (inputs, outputs) in enumerate(pairs):
        hidden = index < len(pairs) - 1
        modules.append(nn.Linear(inputs, outputs, bias=not (hidden and batch_norm)))
        if hidden and batch_norm:
            modules.append(nn.BatchNorm1d(outputs))
        if hidden:
            modules.append(ACTIVATIONS[activation]())
    return nn.Sequential(*modules)


def layers_of(model):
    zeros = lambda layer: torch.zeros(layer.out_features)
    return [
        {
            "weight": layer.weight.flatten().tolist(),
            "bias": (zeros(layer) if layer.bias is None else layer.bias).tolist(),
        }
        for layer in model
        if isinstance(layer, nn.Linear)
    ]


def norms_of(model):
    return [
        {
            "scale": norm.weight.tolist(),
            "shift": norm.bias.tolist(),
            "mean": norm.running_mean.tolist(),
            "variance": norm.running_var.tolist(),
        }
        for norm in model
        if isinstance(norm, nn.BatchNorm1d)
    ]


def run(activation="tanh", optimizer="sgd", rate=0.2, batch_norm=False, smoothing=0.0,
        class_weights=None, max_norm=None, decay=0.0, average=None):
    model = network(activation, batch_norm)
    start = layers_of(model)
    weights = [layer.weight for layer in model if isinstance(layer, nn.Linear)]
    chosen = {id(weight) for weight in weights}
    groups = [
        {"params": weights, "weight_decay": decay},
        {"params": [p for p in model.parameters() if id(p) not in chosen], "weight_decay": 0.0},
    ]
    stepper = {
        "sgd": lambda: torch.optim.SGD(groups, lr=rate),
        "adamw": lambda: torch.optim.AdamW(groups, lr=rate),
    }[optimizer]()
    criterion = nn.CrossEntropyLoss(
        weight=None if class_weights is None else torch.tensor(class_weights),
        label_smoothing=smoothing,
    )
    averaged = average is not None and AveragedModel(
        model, avg_fn=get_ema_avg_fn(average), use_buffers=True
    )
    losses = []
    for _ in range(STEPS):
        stepper.zero_grad()
        loss = criterion(model(INPUTS), CLASSES)
        loss.backward()
        losses.append(loss.item())
        stepper.step()
        if max_norm is not None:
            with torch.no_grad():
                for weight in weights:
                    weight *= (max_norm / weight.norm(dim=1, keepdim=True)).clamp(max=1.0)
        if averaged:
            averaged.update_parameters(model)
    if averaged:
        model = averaged.module
    model.eval()
    return {
        "activation": activation,
        "optimizer": optimizer,
        "learning_rate": rate,
        "batch_norm": batch_norm,
        "label_smoothing": smoothing,
        "class_weights": class_weights or [],
        "max_norm": max_norm,
        "weight_decay": decay,
        "average": average,
        "start": start,
        "losses": losses,
        "layers": layers_of(model),
        "norms": norms_of(model),
        "outputs": model(INPUTS).flatten().tolist(),
    }


def scikit_learn(alpha=0.6, rate=0.2):
    """MLPClassifier, whose alpha is divided by the samples of the batch."""
    model = network("tanh", False)
    start = layers_of(model)
    x, y = INPUTS.numpy(), CLASSES.numpy()
    peer = MLPClassifier(
        WIDTHS[1:-1], activation="tanh", solver="sgd", alpha=alpha, batch_size=COUNT,
        learning_rate_init=rate, momentum=0.0, shuffle=False, random_state=0,
    )
    peer.partial_fit(x, y, classes=range(WIDTHS[-1]))
    linear = [layer for layer in model if isinstance(layer, nn.Linear)]
    peer.coefs_ = [layer.weight.detach().T.numpy().copy() for layer in linear]
    peer.intercepts_ = [layer.bias.detach().numpy().copy() for layer in linear]
    peer._optimizer.params = peer.coefs_ + peer.intercepts_
    losses = []
    for _ in range(STEPS):
        losses.append(log_loss(y, peer.predict_proba(x), labels=range(WIDTHS[-1])))
        peer.partial_fit(x, y)
    with torch.no_grad():
        for layer, weight, bias in zip(linear, peer.coefs_, peer.intercepts_):
            layer.weight.copy_(torch.tensor(weight.T.copy()))
            layer.bias.copy_(torch.tensor(bias))
    return {
        "activation": "tanh",
        "optimizer": "sgd",
        "learning_rate": rate,
        "batch_norm": False,
        "label_smoothing": 0.0,
        "class_weights": [],
        "max_norm": None,
        "weight_decay": alpha / COUNT,
        "average": None,
        "start": start,
        "losses": losses,
        "layers": layers_of(model),
        "norms": [],
        "outputs": model(INPUTS).flatten().tolist(),
    }


RUNS = [
    run(batch_norm=True),
    run(batch_norm=True, activation="relu", optimizer="adamw", rate=0.02, decay=0.1),
    run(batch_norm=True, activation="gelu", smoothing=0.1),
    run(smoothing=0.1),
    run(smoothing=0.3, class_weights=[0.5, 2.0, 1.25]),
    run(class_weights=[3.0, 0.25, 1.0], optimizer="adamw", rate=0.02),
    run(max_norm=0.5),
    run(max_norm=0.7, optimizer="adamw", rate=0.05, batch_norm=True),
    run(average=0.9),
    run(average=0.6, batch_norm=True, optimizer="adamw", rate=0.02),
    run(average=0.0),
    scikit_learn(),
]


def single_precision(name, **settings):
    """Weights after each of three steps in float32, with gradients 1, 0.5 and 2."""
    weight = torch.nn.Parameter(torch.tensor([1.0], dtype=torch.float32))
    stepper = getattr(torch.optim, name)([weight], lr=0.01, **settings)
    weights = []
    for gradient in [1.0, 0.5, 2.0]:
        weight.grad = torch.tensor([gradient], dtype=torch.float32)
        stepper.step()
        weights.append(weight.item())
    return weights


GOLDEN = {
    "made_by": f"torch {torch.__version__}, scikit-learn {sklearn.__version__}",
    "widths": WIDTHS,
    "steps": STEPS,
    "inputs": INPUTS.flatten().tolist(),
    "classes": CLASSES.tolist(),
    "runs": RUNS,
    "adam_of_long_memory_in_f32": single_precision("Adam", betas=(0.9, 0.999999)),
    "rms_prop_of_long_memory_in_f32": single_precision("RMSprop", alpha=0.999999),
}
ROWS = ",\n".join(f"{json.dumps(key)}: {json.dumps(item)}" for key, item in GOLDEN.items())
(pathlib.Path(__file__).parent / "regularisation.json").write_text("{" + ROWS + "}\n")
