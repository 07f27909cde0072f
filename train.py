"""`python train.py [overrides]`: the same as `medgenius train`."""

import sys

from medgenius.cli import train_main

if __name__ == "__main__":
    sys.exit(train_main())
