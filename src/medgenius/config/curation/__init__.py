"""conf/curation: one schema per curation step."""
