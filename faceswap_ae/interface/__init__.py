"""How is everything used from Python, in one style?

The public functions, whose parameters the commands have too; what they return, as text and as it
looks in a notebook; and bars of progress. `faceswap_ae` hands the functions on.
"""
