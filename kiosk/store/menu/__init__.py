"""The menus that were sold, and the one that is being written."""
