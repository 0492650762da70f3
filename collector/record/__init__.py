"""Records on this laptop: entered, named, shown."""
