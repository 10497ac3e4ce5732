"""One of several processes that fine-tune together. Arguments: rank, how many, a file to meet at, a folder."""

import os
import sys
from pathlib import Path


def main() -> None:
    rank, size, meeting, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(size), ACCELERATE_USE_CPU="true")
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    import torch

    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=size)
    from accelerate import Accelerator
    from safetensors.torch import save_file

    from tests.training.test_fine_tuning_processes import train

    accelerator = Accelerator(cpu=True)
    assert accelerator.num_processes == size
    # Every process starts from other random updates; the first one's count.
    model, result = train(seed=3 + rank, accelerator=accelerator)
    save_file({k: v.contiguous() for k, v in model.adapter().tensors.items()}, folder / f"{rank}.safetensors")
    (folder / f"{rank}.losses").write_text(" ".join(str(record.loss) for record in result.history))
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
