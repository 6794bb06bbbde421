"""How does a person look with another's pose, expression and gaze, without any training?

The person's own pictures are bent by the mesh: which shape the person would have, which of the
pictures come nearest to it, and how they are warped. It knows no clip and no run.
"""
