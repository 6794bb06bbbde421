"""Makes the pictures of the documentation anew: `python -m benchmarks.pictures`."""

from pathlib import Path

from faceswap_ae.synthetic.sheet import write_sheets

if __name__ == "__main__":
    for path in write_sheets(Path("docs")):
        print(path)
