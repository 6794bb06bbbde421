"""How far is a generated face from the true one?

Pixel, structure, perceptual, identity and style terms, and the objective that adds them up for
every trainer.
"""
