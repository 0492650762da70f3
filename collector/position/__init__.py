"""Where this laptop is: a receiver, a phone or a photo, read into one kind of fix."""
