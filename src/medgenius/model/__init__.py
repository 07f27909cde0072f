"""The frozen LLaMA, its adapter, attention over packed passes, and the loss."""
