"""Files that PyTorch saves, and what its network answers: written beside this script.

    pip install torch safetensors
    python make_safetensors.py

Everything is computed in double precision from fixed seeds. Checked in with the version that the file names in its first line.
"""

import json
import pathlib

import safetensors.torch
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def network():
    return nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))


def from_pytorch():
    """A state_dict as PyTorch users save it, in the precisions that are imported."""
    torch.manual_seed(4)
    model = network()
    inputs = torch.tensor([[0, 51, 102, 255], [255, 0, 17, 34]]) / 255
    outputs = {}
    for name, kind in (("f64", torch.float64), ("f32", torch.float32), ("f16", torch.float16),
                       ("bf16", torch.bfloat16)):
        state = {key: value.to(kind) for key, value in model.state_dict().items()}
        safetensors.torch.save_file(state, HERE / f"pytorch-{name}.safetensors")
        exact = network()
        exact.load_state_dict({key: value.to(torch.float64) for key, value in state.items()})
        outputs[name] = exact(inputs).flatten().tolist()
    value = {
        "made_by": f"torch {torch.__version__}",
        "inputs": [0, 51, 102, 255, 255, 0, 17, 34],
        "outputs": outputs,
    }
    rows = ",\n".join(f"{json.dumps(key)}: {json.dumps(item)}" for key, item in value.items())
    (HERE / "from-pytorch.json").write_text("{" + rows + "}\n")


if __name__ == "__main__":
    from_pytorch()
