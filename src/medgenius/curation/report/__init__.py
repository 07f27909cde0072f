"""What a curation came to: report.json, the page and the data card."""
