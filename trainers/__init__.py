"""One file per training algorithm; reached through `faceswap_ae.plugins` only."""
