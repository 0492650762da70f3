"""Who may do what: people, laptops, enrolment, and the one finder of what a name means."""
