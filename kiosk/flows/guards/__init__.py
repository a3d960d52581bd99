"""What watches the process and its surroundings: breakers, disk, clock, pages, the file."""
