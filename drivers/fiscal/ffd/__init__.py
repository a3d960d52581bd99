"""What every register has in common: tags of fiscal documents and the drive."""
