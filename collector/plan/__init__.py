"""The plan of a campaign: points drawn, drawn again, found again, visited."""
