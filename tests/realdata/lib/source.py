"""Which reader a path is for."""

from pathlib import Path

import airbnb
import spaces
from dataset import find_file


def read(path):
    """The Dataset of a folder with listings.csv(.gz), or of a CSV file (or a folder with just one)."""
    path = Path(path)
    if path.is_dir() and find_file(path, "listings"):
        return airbnb.read(path)
    files = [path] if path.is_file() else sorted(path.glob("*.csv")) + sorted(path.glob("*.csv.gz"))
    if len(files) != 1:
        raise SystemExit(f"{path}: neither listings.csv(.gz) nor one CSV file")
    return spaces.read(files[0])
