"""One file per training algorithm; reached through `faceswap_ae.common.plugins` only."""
