"""The weights that training computed with: rounded to 4 bits, and unpacked again into full precision."""

from bitsandbytes.functional import dequantize_4bit, quantize_4bit
from torch import Tensor

from medgenius.config.train import TrainConfig
from medgenius.errors import PublishError
from medgenius.model.machine import choose_machine
from medgenius.publishing.merge import Rounding


def rounding_of(config: TrainConfig) -> Rounding:
    """What `model.quantization=nf4` does to each linear layer of a block; embeddings, norms and the head stay.

    Raises:
        PublishError: training rounded nothing, or had weights that were rounded elsewhere, it is not known how.
    """
    if config.model.quantization != "nf4":
        raise PublishError(
            "publish.base_weights=trained repeats the rounding of model.quantization=nf4, and the run has "
            f"{config.model.quantization}: leave it at full"
        )
    dtype = choose_machine(config.trainer).dtype

    def rounded(name: str, weight: Tensor) -> Tensor:
        if not name.endswith("_proj.weight"):
            return weight
        packed, scales = quantize_4bit(
            weight.to(dtype), quant_type="nf4", compress_statistics=config.model.double_quantization
        )
        return dequantize_4bit(packed, scales).to(weight.dtype)

    return rounded
