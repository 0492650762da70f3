"""The reader of layer tables: text in columns to layers in their units."""
