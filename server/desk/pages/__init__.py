"""The pages of the desk, each a module: what it shows, and what its forms do."""
