"""A run directory as a model that answers: what evaluation, publishing and serving share."""
