"""What technicians and staff see and do."""
