"""HTTP in: public listener, internal listener, pages. Knows flows, never store or drivers."""
