"""What is a face, as data?

Its record, its mesh, its 68 landmarks and its aligned crop, masks from landmarks, head pose,
quality, and who belongs together. Arrays go in, arrays come out.
"""
