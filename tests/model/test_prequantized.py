"""A model that is stored in 4 bits computes in the dtype that was asked for, whatever it was stored with."""

from pathlib import Path

import pytest
import torch
from transformers import BitsAndBytesConfig, LlamaForCausalLM

from medgenius.data.steps import Pass
from medgenius.model.adapter import add_adapter
from medgenius.model.backbone import load_backbone
from medgenius.model.loss import target_loss_sum
from tests.model.folders import hub, tiny_folder
from tests.support import cache_dir, composed, random_examples

_PIECE = Pass.of(random_examples((30, 12), (7, 9), prefix=5))


@pytest.fixture(scope="module", params=[torch.bfloat16, torch.float16, torch.float32], ids=str)
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of this dtype, which its 4-bit layers were to compute in as well."""
    parent = tmp_path_factory.mktemp("stored")
    settings = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=request.param,
    )
    model = LlamaForCausalLM.from_pretrained(
        tiny_folder(parent), dtype=request.param, quantization_config=settings, device_map={"": "cpu"}
    )
    model.save_pretrained(parent / "quantised")
    return parent / "quantised"


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("copies", [True, False])
def test_it_computes_in_the_dtype_of_the_run_in_training_and_in_evaluation(
    dtype: torch.dtype, *, copies: bool, stored: Path
) -> None:
    config = hub(stored, quantization="prequantized", cache_dequantized=copies)
    lora = composed("lora.dropout=0.0").lora
    model = add_adapter(load_backbone(config, cache_dir(), dtype, torch.device("cpu")), lora, seed=1)

    assert {parameter.dtype for name, parameter in model.named_parameters() if "_proj" not in name} == {dtype}
    trained = target_loss_sum(model.train(), _PIECE)
    trained.backward()
    with torch.no_grad():
        evaluated = target_loss_sum(model.eval(), _PIECE)
    torch.testing.assert_close(evaluated, trained.detach(), rtol=1e-6 if dtype == torch.float32 else 1e-3, atol=0)
