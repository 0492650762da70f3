"""Whether everything that is kept still follows from what was sent. Pure.

Each check is given what is kept, value after value, keeps little of it, and returns what
is wrong as data. The store only reads.
"""
