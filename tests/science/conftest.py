"""Properties of the science are about figures; how long one takes is a benchmark's."""

from hypothesis import settings

settings.register_profile("science", deadline=None)
settings.load_profile("science")
