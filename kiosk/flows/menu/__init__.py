"""How a menu comes to be sold: taken in at start, published, brought back."""
