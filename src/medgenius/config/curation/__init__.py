"""conf/curation: one schema for each step of curation."""
