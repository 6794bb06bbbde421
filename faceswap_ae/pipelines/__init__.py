"""How do several rooms work together, for every front alike?

Each takes paths and options, tells its progress, and goes on where it was stopped.
"""
