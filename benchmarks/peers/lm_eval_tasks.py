"""lm-evaluation-harness's own tasks over rows of this project's files, in an environment of its own.

python benchmarks/peers/lm_eval_tasks.py job.json    # writes each item's figures to job["output"]
"""

import json
import sys
from pathlib import Path

import lm_eval
import torch
from lm_eval.api.task import ConfigurableTask
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks._yaml_loader import load_yaml
from transformers import AutoTokenizer, LlamaForCausalLM

METRICS = ("acc", "acc_norm", "acc_mutual_info")


def pubmedqa(row: dict) -> dict:
    """As the harness's task finds it in its own data set."""
    return {
        "CONTEXTS": [row["context"]],
        "QUESTION": row["question"],
        "final_decision": row["choices"][row["answer"]],
    }


def medmcqa(row: dict) -> dict:
    return {"question": row["question"], "cop": row["answer"]} | dict(
        zip(("opa", "opb", "opc", "opd"), row["choices"], strict=True)
    )


PLAIN = {
    "task": "plain",
    "output_type": "multiple_choice",
    "test_split": "test",
    "doc_to_text": "Question: {{question}}\nAnswer:",
    "doc_to_choice": "{{choices}}",
    "doc_to_target": "{{answer}}",
}
ROWS = {"pubmedqa": pubmedqa, "medmcqa": medmcqa, "plain": lambda row: row}


def task_of(name: str, file: Path) -> ConfigurableTask:
    """The task that the harness ships, reading a file of ours."""
    shipped = Path(lm_eval.__file__).parent / "tasks" / name / f"{name}.yaml"
    config = dict(PLAIN if name == "plain" else load_yaml(shipped))
    for key in ("training_split", "validation_split", "dataset_name"):
        config.pop(key, None)
    return ConfigurableTask(
        config=config
        | {
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": str(file)}},
            "test_split": "test",
            "metric_list": [{"metric": metric, "aggregation": "mean", "higher_is_better": True} for metric in METRICS],
        }
    )


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    torch.set_num_threads(job["threads"])
    model = LlamaForCausalLM.from_pretrained(job["model"], dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    harness = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=job["batch"], device="cpu")
    found = {}
    for name, rows in job["tasks"].items():
        file = Path(job["output"]).with_name(f"{name}.jsonl")
        file.write_text("".join(json.dumps(ROWS[name](row)) + "\n" for row in rows), encoding="utf-8")
        results = lm_eval.simple_evaluate(harness, tasks=[task_of(name, file)], bootstrap_iters=0)
        (samples,) = results["samples"].values()
        samples = sorted(samples, key=lambda sample: sample["doc_id"])
        found[name] = [
            {metric: sample[metric] for metric in METRICS}
            | {"log_likelihoods": [value for value, _ in sample["filtered_resps"]]}
            for sample in samples
        ]
    Path(job["output"]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
