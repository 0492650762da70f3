"""What needs the extra `geo`: GeoPackage, Shapefile, coordinate systems, crossings."""
