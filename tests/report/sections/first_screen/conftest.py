"""Tests of the first screen import what they share, `screens.py`, by name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
