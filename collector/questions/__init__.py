"""A project's own questions, read from a form of ODK or Kobo and kept as a version."""
