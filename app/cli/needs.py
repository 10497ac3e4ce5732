"""Weights a command needs, fetched with a progress bar before the work begins."""


def fetch_missing_weights(group: str = "nano") -> None:
    """Fetch what is missing or corrupt in a group of weights. Quiet and quick when all is there.

    Raises:
        WeightsError: something is missing and cannot be fetched.
    """
    from app.cli import terminal
    from pvchat.weights import list_weights, pull

    missing = [s.weight.name for s in list_weights() if group in s.weight.groups and s.state != "ok"]
    if missing:
        with terminal.bytes_progress() as progress:
            pull(missing, progress)
