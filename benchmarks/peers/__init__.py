"""The systems of train_throughput.py. Each file runs alone and prints one line of JSON:

    cd benchmarks && python -m peers.plain_peft job.json

They import nothing of MedGenius but for medgenius_trainer.py, so that a peer's environment holds the peer alone.
"""
