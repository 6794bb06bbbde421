"""How are face folders kept on disk, and what do people do with them?

One PNG a face with its record inside, the journal beside them; sorting, merging, packing, and
the pages that show them.
"""
