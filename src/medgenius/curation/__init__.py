"""Raw rows become clean dialogues, and a reason for each row that left."""
