"""The main job on real data: three laptops, one server, from field to number."""
