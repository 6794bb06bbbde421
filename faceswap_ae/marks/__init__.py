"""What says of an output, for machines, that it is AI-altered, and how is that read again?

Beside the tags that `media` writes: a signed C2PA manifest and a watermark in the pixels. One
command reads all three.
"""
