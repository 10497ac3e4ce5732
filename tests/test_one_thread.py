"""One thread for a while, and as many as before afterwards."""

from collections.abc import Iterator

import pytest
import torch

from pvchat.one_thread import one_thread


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def ended() -> None:
    with one_thread():
        raise ValueError(f"ended with {torch.get_num_threads()}")


def test_threads_come_back_also_after_an_error() -> None:
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2
    with pytest.raises(ValueError, match="ended with 1"):
        ended()
    assert torch.get_num_threads() == 2
