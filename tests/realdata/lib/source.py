"""Which reader a path is for."""

from pathlib import Path

import airbnb
import spaces
from dataset import find_file, fingerprint


def read(path):
    """The Dataset at a path, named after it and after what is in it: two folders of one name are two datasets."""
    dataset = read_any(Path(path))
    ids = sorted(listing.external_id for listing in dataset.listings)
    dataset.name = f"{dataset.name}_{fingerprint(' '.join([str(dataset.first_day), *ids]))}"
    return dataset


def read_any(path):
    """Of a folder with listings.csv(.gz), or of a CSV file (or a folder with just one)."""
    if path.is_dir() and find_file(path, "listings"):
        return airbnb.read(path)
    files = [path] if path.is_file() else sorted(path.glob("*.csv")) + sorted(path.glob("*.csv.gz"))
    if len(files) != 1:
        raise SystemExit(f"{path}: neither listings.csv(.gz) nor one CSV file")
    return spaces.read(files[0])
