"""Files of records, read strictly: every row is parsed or named with the reason why it can't be."""
