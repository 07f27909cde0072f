"""A small LLaMA with random weights and a tokenizer of bytes, for tests and for trying the pipeline."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from medgenius.config.model import RandomModel
from medgenius.model.model_cache import cached_model

_BOS, _EOS, _PAD = "<s>", "</s>", "<pad>"


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """One token per byte of UTF-8, and three control tokens; needs no file."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate([_BOS, _EOS, _PAD, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=_BOS, eos_token=_EOS, pad_token=_PAD)


def random_weights(config: RandomModel, cache_dir: Path) -> str:
    """The random model, written as a folder, so that it is loaded and quantised the way real ones are."""
    tokenizer = byte_tokenizer()
    llama = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=config.hidden_size,
        intermediate_size=config.intermediate_size,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        num_key_value_heads=config.kv_heads,
        max_position_embeddings=8192,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=True,
        # Ten times the usual: the head is frozen, and with smaller rows no adapter could ever be sure of a token.
        initializer_range=0.2,
    )
    shape = f"{config.layers}x{config.hidden_size}x{config.intermediate_size}-{config.heads}-{config.kv_heads}"

    def write(temporary: Path) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            LlamaForCausalLM(llama).save_pretrained(temporary)

    return str(cached_model(cache_dir / "models" / f"{config.name}-{shape}", write))
