"""Writes tests/golden/modernbert.safetensors, the committed parity case: make_golden.py [PATH]."""

import pathlib
import sys

from parity_case import write_case

# Small, so that all gradients fit a small file; 13 layers: five global, eight local. Lengths around
# the window (64 to each side), the kernels' blocks, and one long enough for both thetas to matter.
SHAPE = {"vocabulary": 192, "hidden": 32, "intermediate": 32, "layers": 13, "heads": 2,
         "theta_global": 160000.0, "theta_local": 10000.0, "seed": 20260}
LENGTHS = [1, 2, 3, 48, 64, 65, 66, 129, 130, 200, 700]

if __name__ == "__main__":
    root = pathlib.Path(__file__).resolve().parents[2]
    default = root / "tests" / "golden" / "modernbert.safetensors"
    print(write_case(sys.argv[1] if len(sys.argv) > 1 else str(default), SHAPE, LENGTHS, 80))
