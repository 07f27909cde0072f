"""A published model in plain transformers, as somebody who knows nothing of MedGenius loads it.

This file is run by its path in a process of its own and imports nothing of the package. It reads one JSON object from
standard input and writes one to standard output:

    {"folder": ..., "new_tokens": n, "items": [{"messages": [...], "answer_ids": [...]}, ...]}
    [{"prompt_ids": [...], "next_ids": [...], "answer_ids": [...]}, ...]

`next_ids` are the most probable tokens at each position of the answer that was handed in, `answer_ids` its own answer.
"""

import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def main() -> None:
    job = json.load(sys.stdin)
    tokenizer = AutoTokenizer.from_pretrained(job["folder"], trust_remote_code=False)
    model = AutoModelForCausalLM.from_pretrained(job["folder"], dtype="auto", trust_remote_code=False).eval()
    loaded = [name for name in sys.modules if name.partition(".")[0] == "medgenius"]
    assert not loaded, loaded
    answers = []
    for item in job["items"]:
        text = tokenizer.apply_chat_template(item["messages"], add_generation_prompt=True, tokenize=False)
        prompt = tokenizer(text, add_special_tokens=False)["input_ids"]
        ids = torch.tensor([prompt + item["answer_ids"]])
        with torch.inference_mode():
            following = model(ids).logits[0, len(prompt) - 1 : -1].argmax(-1).tolist()
            own = model.generate(
                ids[:, : len(prompt)],
                attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
                max_new_tokens=job["new_tokens"],
            )[0, len(prompt) :].tolist()
        answers.append({"prompt_ids": prompt, "next_ids": following, "answer_ids": own})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
