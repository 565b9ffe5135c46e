"""The rows of the pipeline are told by the plain-Python oracle of the backends, which lies in the folder beside."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "backends"))
