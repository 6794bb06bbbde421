"""How are damaged and hostile inputs made, and how is it seen that a command ends well on them?"""
