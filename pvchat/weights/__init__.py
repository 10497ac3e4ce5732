"""Weights: pinned source, SHA-256, licence, local cache. The table is `pvchat.weights.table.TABLE`."""

from pvchat.weights.demo import demo_photo
from pvchat.weights.store import Progress, Status, Store, list_weights, path, pull, verify

__all__ = ["Progress", "Status", "Store", "demo_photo", "list_weights", "path", "pull", "verify"]
