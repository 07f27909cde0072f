"""The frozen layers spread over several processes (PyTorch's FSDP2): each keeps a part and gathers a layer to use it.

The adapter is left whole in every process, and so are embedding, norms and head. The adapter's gradients are added up
as without sharding, and frozen weights have none: weights are gathered, and nothing is ever scattered.
"""

import torch
from bitsandbytes.nn.modules import Linear4bit, Params4bit
from peft import PeftModel
from torch import distributed
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from medgenius.model.adapter import backbone_of


def shard_frozen(model: PeftModel, device: torch.device) -> None:
    """Leave this process its part of the frozen linear layers, and move all it keeps to its device.

    The process group must be there.
    """
    mesh = init_device_mesh(device.type, (distributed.get_world_size(),))
    llama = backbone_of(model).model
    frozen = set()
    for layer in llama.layers.modules():
        if isinstance(layer, torch.nn.Linear) and not layer.weight.requires_grad:
            frozen.add(layer.weight)
            if isinstance(layer, Linear4bit):  # the scales stay with the layer: a gathered weight is a plain tensor
                assert isinstance(layer.weight, Params4bit)
                layer.quant_state = layer.weight.quant_state
                layer.quant_state.to(device)
    whole = {parameter for parameter in model.parameters() if parameter not in frozen}
    for layer in llama.layers:
        fully_shard(layer, mesh=mesh, ignored_params=whole)
    fully_shard(llama, mesh=mesh, ignored_params=whole)
    model.to(device)
