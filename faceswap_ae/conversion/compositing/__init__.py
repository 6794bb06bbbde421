"""How does a generated face become part of its frame?

Mask, colour transfer, blending, sharpness, motion blur and grain: functions of pixels that know
no network and no clip.
"""
