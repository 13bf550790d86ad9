"""Live parity with transformers and torch-optimi: check_parity.py CHECKER

CHECKER is the built rexbert_nn_parity_check. Random cases of several shapes, the preset's head
dimension among them, are computed here in float64 and compared there; the committed golden file must
be what make_golden.py writes today.
"""

import pathlib
import subprocess
import sys
import tempfile

import torch
from safetensors import safe_open

import make_golden
from parity_case import write_case

CASES = [
    ({"vocabulary": 320, "hidden": 128, "intermediate": 96, "layers": 13, "heads": 2,
      "theta_global": 160000.0, "theta_local": 10000.0, "seed": 1}, [700, 1, 64, 65, 333, 2]),
    ({"vocabulary": 2500, "hidden": 64, "intermediate": 72, "layers": 4, "heads": 4,
      "theta_global": 10000.0, "theta_local": 10000.0, "seed": 2}, [5, 130, 129, 128, 1]),
]


def check_golden(folder):
    root = pathlib.Path(__file__).resolve().parents[2]
    fresh = write_case(str(folder / "golden.safetensors"), make_golden.SHAPE, make_golden.LENGTHS, 80)
    with safe_open(str(root / "tests/golden/modernbert.safetensors"), "pt") as committed, \
            safe_open(fresh, "pt") as new:
        assert set(committed.keys()) == set(new.keys())
        for key in committed.keys():
            # Stored as float32: a unit in the last place of the largest element.
            a, b = committed.get_tensor(key).double(), new.get_tensor(key).double()
            assert a.shape == b.shape and (a - b).abs().max() <= 2e-7 * b.abs().max() + 1e-12, key


def main():
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_golden(folder)
        print("golden file: as make_golden.py writes it")
        for i, (shape, lengths) in enumerate(CASES):
            path = write_case(str(folder / f"case{i}.safetensors"), shape, lengths, 200)
            subprocess.run([sys.argv[1], path], check=True)


if __name__ == "__main__":
    main()
