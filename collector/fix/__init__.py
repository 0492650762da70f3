"""What waits for a person on this laptop: fixes and conflicts."""
