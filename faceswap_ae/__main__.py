"""How is the toolkit started as a Python module, installed or not?

`python -m faceswap_ae` does the same as the `faceswap-ae` command.
"""

import sys

from faceswap_ae.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
