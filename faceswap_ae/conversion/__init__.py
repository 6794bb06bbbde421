"""How do a clip and a run become the swapped clip?

Who gets whose face, where it lies in each frame, what the network makes of it, how it is laid
into the frame, and the report of all that.
"""
