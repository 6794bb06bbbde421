"""How good is a swap?

Whose face it shows, pose, expression, gaze, nearness to the true swap, steadiness; in scores,
in words, and on a page.
"""
