"""Several runs side by side: what differs in their settings, and their numbers."""
