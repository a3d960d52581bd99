"""From the menu to an order, and how an order is looked at."""
