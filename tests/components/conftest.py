"""Tests of published ideas import what they share, `equations.py`, by name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
