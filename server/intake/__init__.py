"""One push, from the lines of a request to the answer."""
