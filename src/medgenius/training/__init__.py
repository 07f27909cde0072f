"""The Lightning module, its optimizer and callbacks, and the story of a run: `medgenius.training.train.train`."""
