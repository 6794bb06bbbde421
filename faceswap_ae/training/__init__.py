"""How do two face folders become a trained run?

The recipe and its stages, the loop, the step on each backend, optimisers, logs, previews. The
loop, data, checkpoints and backends are here, so that no trainer repeats them.
"""
