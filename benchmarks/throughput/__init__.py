"""Parts of train_throughput.py: the rows, the processes, the report."""
