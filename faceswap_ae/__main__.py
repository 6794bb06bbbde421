"""`python -m faceswap_ae`: the same as the `faceswap-ae` command, installed or not."""

import sys

from faceswap_ae.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
