"""Whether everything that a database holds still follows from what it was sent.

Each check reads row after row, keeps little in memory, and gives what is wrong as
data. Nothing is written.
"""
