"""How do face sets of other programs become face folders of ours?

Readers for DeepFaceLab's and faceswap's files. Nothing in such a file is trusted or run.
"""
