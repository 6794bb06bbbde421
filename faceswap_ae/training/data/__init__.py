"""How do face folders become batches?

Sets of faces decoded once into a cache, sampling, augmentation, occluders. Seed, step and
identity alone decide what is in a batch.
"""
