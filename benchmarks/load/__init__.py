"""What `serving.py` asks, and whom."""
