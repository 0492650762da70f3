"""What is possible but odd between records: warnings, never refusals. Pure."""
