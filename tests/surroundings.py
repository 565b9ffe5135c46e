"""Calls of the command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def called(*args, cwd=None, **more):
    """A call in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("CXMETRICS", "LC_", "LANG", "NO_COLOR"))}
    environment |= {"PYTHONPATH": str(ROOT), **more.pop("env", {})}
    return subprocess.run([sys.executable, "-m", "cxmetrics", *args], cwd=cwd, env=environment, check=False,
                          capture_output=True, text=True, encoding="utf-8", timeout=120, **more)
