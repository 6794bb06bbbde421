"""Synthetic people: nobody's faces, and an exact truth for a swap between them."""
