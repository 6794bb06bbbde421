"""One file per architecture; reached through `faceswap_ae.common.plugins` only."""
