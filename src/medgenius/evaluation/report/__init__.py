"""evaluation.html: what was found, to look at."""
