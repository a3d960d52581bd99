"""A person is called: what is seen, whom it is told, and who says that they see to it."""
