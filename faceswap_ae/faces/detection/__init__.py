"""How are faces found, followed and recognised in pictures and clips?

Networks in Keras, detectors, landmarks, descriptors, tracks; and the scan, the first pass over a
clip, which extraction and conversion share.
"""
