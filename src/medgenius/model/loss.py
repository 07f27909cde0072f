"""The loss of a pass: the sum over its target tokens, so that any cut into passes adds up to the same."""

from peft import PeftModel
from torch import Tensor
from torch.nn.functional import cross_entropy

from medgenius.data.steps import IGNORE, Pass
from medgenius.model.adapter import backbone_of


def target_loss_sum(model: PeftModel, piece: Pass) -> Tensor:
    """Negative log-likelihood in nats, summed over the target tokens of a pass; a scalar in fp32.

    The head and the softmax see only positions whose next token is a target: of a (T, vocabulary) matrix of logits
    the other rows would be thrown away.
    """
    llama = backbone_of(model)
    hidden = llama.model(
        input_ids=piece.input_ids[None],
        position_ids=piece.position_ids[None],
        use_cache=False,
        lengths=piece.lengths,
    ).last_hidden_state[0]  # (T, hidden)
    is_target = piece.labels != IGNORE
    logits = llama.lm_head(hidden[is_target]).float()  # (targets, vocabulary)
    return cross_entropy(logits, piece.labels[is_target], reduction="sum")
