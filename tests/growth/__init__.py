"""`python -m tests.growth DATABASE N`: a year of finished orders, so that what grows can be measured and tested."""
