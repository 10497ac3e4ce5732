"""One thread for a while, and as many as before afterwards."""

import pytest
import torch

from pvchat.one_thread import one_thread


def test_threads_come_back_also_after_an_error() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(ValueError, match="ended"), one_thread():
            assert torch.get_num_threads() == 1
            raise ValueError("ended")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
