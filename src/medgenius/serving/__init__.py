"""A run directory as something that people use: engines, the guard around them, HTTP, a page and a terminal."""
