"""OGC API - Features: collections of features for GIS and R."""
