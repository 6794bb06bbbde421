"""How do clips and photos become a folder of one person's faces?

Scan, find out who is who, choose, write.
"""
