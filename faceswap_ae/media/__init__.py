"""How are videos, pictures and sound read and written?

What is in a file, its frames with exact times, encoders, sound and subtitles, an output that
survives a stop, and the marks that say that it is AI-altered. It knows no faces.
"""
