"""The curation steps that judge or change rows one at a time, one file each; `order.py` lists them."""
