"""What the steps of enrolling someone make, measured against what is known: run by hand."""
