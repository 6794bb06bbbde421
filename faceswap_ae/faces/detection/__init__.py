"""How are faces found, followed and recognised in pictures and clips?

dlib's networks in Keras, detectors, landmarks, descriptors, tracks; and the scan, the first
pass over a clip, which extraction and conversion share.
"""
