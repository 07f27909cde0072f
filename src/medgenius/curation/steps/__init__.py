"""The steps of curation, one file each."""
