"""Who are people that do not exist, and what is true of every picture of them?

A renderer of heads in numpy and OpenCV: a cast of six and as many random people as wanted, with
the landmarks, the mask and the exact swap of every frame. Tests, the demo and all measures use
them.
"""
