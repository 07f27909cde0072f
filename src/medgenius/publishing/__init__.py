"""From a run directory to files that others use: merge, GGUF, model card, upload."""
