"""How is a training run kept on disk?

Checkpoints that a kill cannot spoil, logs, facts. Nothing here knows how to train.
"""
