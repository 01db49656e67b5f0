"""Where things lie, for tests at whatever depth."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
