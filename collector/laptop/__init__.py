"""One laptop: its home, keys, settings, enrolment."""
