"""Where the server keeps things: a port, and SQLite behind it."""
