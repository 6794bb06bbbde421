"""What machine is this, and is it well?

Which backend, device, precision, memory, disk and weight files there are. `doctor` looks at all
of it and says how to mend what is wrong.
"""
