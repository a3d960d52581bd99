"""A Shtrih-M register with its fiscal drive."""
