"""Places in the files of other programs: what is read of them, and whose each is."""
