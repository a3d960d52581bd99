"""What staff may do and look at, by the page behind the PIN and by the unix socket."""
