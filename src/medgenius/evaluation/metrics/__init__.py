"""What is measured: each metric one file of plain functions over texts and numbers."""
