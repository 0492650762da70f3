"""The way of a record on the laptop: record -> keep -> sync -> show.

`home` opens the laptop, `recovering` notices by `place` that it is a copy, `enrolling` makes it
known to a server, `names` finds what people mean, `recording` judges and keeps an entry, `importing` does so for a table, `syncing` trades changes with the
server, `fixing` answers what the server could not apply, `showing` reads it all.
"""
