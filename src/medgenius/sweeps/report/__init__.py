"""A study as a page and as a table."""
