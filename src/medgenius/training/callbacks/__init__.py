"""One concern each."""
