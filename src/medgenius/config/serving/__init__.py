"""Schemas of conf/serving: what answers, what guards it, and what of it the network sees."""
