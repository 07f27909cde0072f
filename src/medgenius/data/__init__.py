"""Dialogues -> prompt -> tokens and targets -> passes."""
