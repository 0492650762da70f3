"""Files of map tiles that somebody put on the laptop, read where they are."""
