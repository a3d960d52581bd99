"""The controller's end of the robot: what is submitted, what it shows, what it means for orders."""
