"""The menu: what a process begins to sell, who changes that, and menus as files."""
