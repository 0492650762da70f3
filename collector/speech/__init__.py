"""The languages of people: texts, numbers and days, for commands and the page."""
