"""The only SQL: schema, migrations, the writer thread, and one file of statements for each noun."""
