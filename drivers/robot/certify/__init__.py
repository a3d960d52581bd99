"""The job contract held against a complex, clause by clause (robot.md#clauses)."""
