"""How is everything used from the command line?

One file a command; each has `run`, whose docstring is its help. The only room that prints.
"""
