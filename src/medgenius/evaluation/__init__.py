"""Measures a run against its own base model on the same items, and says how sure it is."""
