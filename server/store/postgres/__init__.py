"""The same store on PostgreSQL: any number of server processes write to it."""
