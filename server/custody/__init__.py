"""What waits for a person: conflicts, quarantine, and what administrators decide."""
