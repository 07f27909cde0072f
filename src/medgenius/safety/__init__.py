"""Red flags, disclaimers and escalation: what curation, evaluation and serving judge safety by."""
