"""The HTTP edge: routes, guards, the body reader."""
