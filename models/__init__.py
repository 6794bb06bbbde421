"""One file per architecture; reached through `faceswap_ae.plugins` only."""
