"""Finds what identifies a person in a text and replaces it; medical words stay."""
