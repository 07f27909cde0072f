"""Log-likelihoods of choices by lm-evaluation-harness, in an environment of its own.

python benchmarks/peers/lm_eval_choices.py job.json    # writes its figures to job["output"]
"""

import json
import sys
import time
from pathlib import Path

import torch
from lm_eval.models.huggingface import HFLM
from peft import PeftModel
from transformers import AutoTokenizer, BitsAndBytesConfig, LlamaForCausalLM


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    torch.set_num_threads(job["threads"])
    quantization = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    base = LlamaForCausalLM.from_pretrained(job["model"], dtype=torch.bfloat16, quantization_config=quantization)
    model = PeftModel.from_pretrained(base, job["adapter"]).eval()
    harness = HFLM(
        pretrained=model, tokenizer=AutoTokenizer.from_pretrained(job["model"]), batch_size=job["batch"], device="cpu"
    )
    requests = [
        (("", ""), item["context"], continuation) for item in job["items"] for continuation in item["continuations"]
    ]
    harness._loglikelihood_tokens(requests[: 2 * job["batch"]], disable_tqdm=True)  # warm
    clock = time.process_time if job["clock"] == "cpu" else time.perf_counter
    start = clock()
    answers = harness._loglikelihood_tokens(requests, disable_tqdm=True)
    seconds = clock() - start
    figures = {"seconds": seconds, "log_likelihoods": [log_likelihood for log_likelihood, _ in answers]}
    Path(job["output"]).write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
