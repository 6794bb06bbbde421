"""What does every room need that is not about faces?

Errors, files that appear whole or not at all, settings from YAML, downloads, progress, points
and matrices, and the door to models and trainers. It imports nothing of the package but
`version`.
"""
