"""From a request to what is stored, answered and derived."""
