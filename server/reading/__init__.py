"""The read copy: rows of every project as GIS and spreadsheets ask for them."""
